-- purpose:  landed ratings that are in no person's history, counted by reason
-- grain:    a source and a reason
-- key:      source, reason
-- upstream: int_ratings, dim_movies, fct_interactions
-- refresh:  rebuilt
WITH judged AS (
    SELECT
        ratings.source,
        CASE
            WHEN ratings.movie_id IS NULL THEN 'film has no TMDB id'
            WHEN movies.movie_id IS NULL THEN 'film is not in the catalogue'
            WHEN ratings.rating NOT BETWEEN 0.5 AND 5.0 THEN 'rating is outside 0.5-5.0'
            WHEN row_number() OVER (
                PARTITION BY ratings.user_id, ratings.movie_id
                ORDER BY ratings.rated_at DESC, ratings.source DESC, ratings.rating DESC
            ) > 1 THEN 'a later rating of the same film replaces it'
        END AS reason
    FROM int_ratings AS ratings
    LEFT JOIN dim_movies AS movies ON ratings.movie_id = movies.movie_id
)

SELECT
    source,
    reason,
    count(*)::INTEGER AS ratings
FROM judged
WHERE reason IS NOT NULL
GROUP BY source, reason
ORDER BY source, reason
