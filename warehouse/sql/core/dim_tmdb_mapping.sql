-- purpose:  which TMDB film a MovieLens film is; rows once matched are never changed by a later run, but by hand
-- grain:    a film of a MovieLens numbering that has a TMDB id
-- key:      id_space, movielens_id
-- upstream: raw_tmdb_mapping, raw_tmdb_overrides, stg_movielens_links
-- refresh:  rebuilt from the ledger lake/tmdb_mapping.parquet, the overrides and what is new, then written back to it
WITH known AS (
    -- a row that the hand-kept list once made goes when the list no longer has it
    SELECT ledger.*
    FROM raw_tmdb_mapping AS ledger
    ANTI JOIN raw_tmdb_overrides AS overrides
        ON ledger.id_space = overrides.id_space AND ledger.movielens_id = overrides.movielens_id
    WHERE ledger.method <> 'override'
),

by_hand AS (
    SELECT
        overrides.id_space,
        overrides.movielens_id,
        overrides.movie_id,
        NULL::VARCHAR AS imdb_id,
        'override' AS method,
        CASE
            WHEN ledger.method = 'override' AND ledger.movie_id = overrides.movie_id THEN ledger.matched_at
            ELSE getvariable('built_at')::TIMESTAMPTZ
        END AS matched_at
    FROM raw_tmdb_overrides AS overrides
    LEFT JOIN raw_tmdb_mapping AS ledger
        ON overrides.id_space = ledger.id_space AND overrides.movielens_id = ledger.movielens_id
    WHERE overrides.movie_id IS NOT NULL
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
    WHERE
        NOT EXISTS (
            SELECT 1 FROM known
            WHERE known.id_space = getvariable('id_space') AND known.movielens_id = links.movielens_id
        )
        AND NOT EXISTS (
            SELECT 1 FROM raw_tmdb_overrides AS overrides
            WHERE overrides.id_space = getvariable('id_space') AND overrides.movielens_id = links.movielens_id
        )
)

SELECT * FROM known
UNION ALL
SELECT * FROM by_hand
UNION ALL
SELECT * FROM fresh
ORDER BY id_space, movielens_id
