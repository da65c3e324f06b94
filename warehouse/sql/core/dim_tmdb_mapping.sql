-- purpose:  which TMDB film a MovieLens film is; rows once matched are never changed by a later run
-- grain:    a film of a MovieLens numbering that has a TMDB id
-- key:      id_space, movielens_id
-- upstream: raw_tmdb_mapping, stg_movielens_links
-- refresh:  rebuilt from the ledger lake/tmdb_mapping.parquet and what is new, then written back to it
WITH known AS (
    SELECT * FROM raw_tmdb_mapping
),

fresh AS (
    SELECT
        getvariable('id_space') AS id_space,
        links.movielens_id,
        links.movie_id,
        links.imdb_id,
        'links' AS method,
        getvariable('built_at')::TIMESTAMPTZ AS matched_at
    FROM stg_movielens_links AS links
    WHERE NOT EXISTS (
        SELECT 1 FROM known
        WHERE known.id_space = getvariable('id_space') AND known.movielens_id = links.movielens_id
    )
)

SELECT * FROM known
UNION ALL
SELECT * FROM fresh
ORDER BY id_space, movielens_id
