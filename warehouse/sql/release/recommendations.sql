-- purpose:  the lists, a row a film, for SQL
-- grain:    a person and a rank
-- key:      user_id, rank
-- upstream: recommendation_lists, movies, release
-- refresh:  view
WITH ranked AS (
    SELECT
        user_id,
        because,
        unnest(movie_ids) AS movie_id,
        unnest(scores) AS score,
        unnest(sources) AS source,
        generate_subscripts(movie_ids, 1) AS rank
    FROM recommendation_lists
)

SELECT
    ranked.user_id,
    ranked.rank::SMALLINT AS rank,
    ranked.movie_id,
    movies.title,
    ranked.score,
    ranked.source,
    ranked.because[ranked.rank] AS because,
    release.release_id
FROM ranked
INNER JOIN movies ON ranked.movie_id = movies.movie_id
CROSS JOIN release
