-- purpose:  every film that Playbill knows, with the best that is known of it: TMDB's word, then the set's own
-- grain:    a film
-- key:      movie_id
-- upstream: dim_tmdb_mapping, stg_movielens_films, stg_movielens_tags, stg_sample_films, stg_tmdb_movies,
--           int_app_films
-- refresh:  rebuilt
WITH counted AS (
    SELECT
        movielens_id,
        tag,
        count(DISTINCT user_id) AS people
    FROM stg_movielens_tags
    GROUP BY movielens_id, tag
),

tags AS (
    SELECT
        movielens_id,
        list(tag ORDER BY people DESC, tag ASC) AS tags
    FROM counted
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
),

films AS (
    SELECT movie_id FROM from_movielens
    UNION
    SELECT movie_id FROM stg_sample_films
    UNION
    -- what only the app knows stays in the data, without a title where TMDB does not know it either
    SELECT movie_id FROM int_app_films
    UNION
    -- popular at TMDB and rated by nobody yet; not once more under a new id
    SELECT movie_id FROM stg_tmdb_movies
    WHERE
        popular_rank IS NOT NULL
        AND movie_id NOT IN (
            SELECT moved.movie_id
            FROM stg_tmdb_movies AS moved
            INNER JOIN from_movielens AS ml ON moved.known_as = ml.movie_id
            WHERE moved.known_as <> moved.movie_id
        )
)

SELECT
    films.movie_id::INTEGER AS movie_id,
    ml.movielens_id,
    coalesce(tmdb.imdb_id, sample.imdb_id, ml.imdb_id) AS imdb_id,
    coalesce(tmdb.title, sample.title, ml.title) AS title,
    tmdb.original_title,
    coalesce(tmdb.year, sample.year, ml.year)::SMALLINT AS year,
    tmdb.release_date,
    coalesce(
        nullif(tmdb.genres, []),
        sample.genres,
        -- one genre, one name: MovieLens's own words would stand beside TMDB's
        list_transform(ml.genres, LAMBDA genre: CASE genre
            WHEN 'Children' THEN 'Family'
            WHEN 'Musical' THEN 'Music'
            WHEN 'Sci-Fi' THEN 'Science Fiction'
            ELSE genre
        END),
        []
    ) AS genres,
    coalesce(nullif(tmdb.keywords, []), sample.keywords, []) AS keywords,
    coalesce(nullif(tmdb.cast_names, []), sample.cast_names, []) AS cast_names,
    coalesce(nullif(tmdb.directors, []), sample.directors, []) AS directors,
    coalesce(ml.tags, []) AS tags,
    coalesce(tmdb.overview, sample.overview) AS overview,
    tmdb.tagline,
    coalesce(tmdb.runtime, sample.runtime)::SMALLINT AS runtime,
    coalesce(tmdb.language, sample.language) AS language,
    tmdb.poster_path,
    tmdb.backdrop_path,
    tmdb.vote_average,
    tmdb.vote_count,
    tmdb.popularity,
    tmdb.fetched_at AS enriched_at
FROM films
LEFT JOIN from_movielens AS ml ON films.movie_id = ml.movie_id
LEFT JOIN stg_sample_films AS sample ON films.movie_id = sample.movie_id
LEFT JOIN stg_tmdb_movies AS tmdb ON films.movie_id = tmdb.known_as
ORDER BY films.movie_id
