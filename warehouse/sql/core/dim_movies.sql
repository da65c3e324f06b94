-- purpose:  every film that Playbill knows, with the best that is known of it
-- grain:    a film
-- key:      movie_id
-- upstream: dim_tmdb_mapping, stg_movielens_films, stg_movielens_tags, stg_sample_films, int_app_films
-- refresh:  rebuilt
WITH tags AS (
    SELECT
        movielens_id,
        list(tag ORDER BY people DESC, tag ASC) AS tags
    FROM stg_movielens_tags
    GROUP BY movielens_id
),

from_movielens AS (
    -- two MovieLens films may be one TMDB film: the lower MovieLens id speaks for both
    SELECT
        mapping.movie_id,
        mapping.movielens_id,
        mapping.imdb_id,
        films.title,
        films.year,
        films.genres,
        coalesce(tags.tags, []) AS tags
    FROM dim_tmdb_mapping AS mapping
    INNER JOIN stg_movielens_films AS films ON mapping.movielens_id = films.movielens_id
    LEFT JOIN tags ON films.movielens_id = tags.movielens_id
    WHERE mapping.id_space = getvariable('id_space')
    QUALIFY row_number() OVER (PARTITION BY mapping.movie_id ORDER BY mapping.movielens_id) = 1
)

SELECT
    coalesce(sample.movie_id, ml.movie_id, app.movie_id)::INTEGER AS movie_id,
    ml.movielens_id,
    coalesce(sample.imdb_id, ml.imdb_id) AS imdb_id,
    coalesce(sample.title, ml.title) AS title,
    NULL::VARCHAR AS original_title,
    coalesce(sample.year, ml.year)::SMALLINT AS year,
    NULL::DATE AS release_date,
    coalesce(sample.genres, ml.genres, []) AS genres,
    coalesce(sample.keywords, []) AS keywords,
    coalesce(sample.cast_names, []) AS cast_names,
    coalesce(sample.directors, []) AS directors,
    coalesce(ml.tags, []) AS tags,
    sample.overview,
    NULL::VARCHAR AS tagline,
    sample.runtime::SMALLINT AS runtime,
    sample.language,
    NULL::VARCHAR AS poster_path,
    NULL::VARCHAR AS backdrop_path,
    NULL::FLOAT AS vote_average,
    NULL::INTEGER AS vote_count,
    NULL::FLOAT AS popularity,
    CASE WHEN sample.movie_id IS NOT NULL THEN getvariable('built_at')::TIMESTAMPTZ END AS enriched_at
FROM stg_sample_films AS sample
FULL OUTER JOIN from_movielens AS ml ON sample.movie_id = ml.movie_id
-- what only the app knows stays in the data, without a title
FULL OUTER JOIN int_app_films AS app ON coalesce(sample.movie_id, ml.movie_id) = app.movie_id
ORDER BY movie_id
