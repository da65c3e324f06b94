-- purpose:  what each person thinks of each film: their latest rating, whichever source it came from
-- grain:    a person and a film
-- key:      user_id, movie_id
-- upstream: int_ratings, dim_movies
-- refresh:  rebuilt
SELECT
    ratings.user_id,
    ratings.movie_id,
    arg_max(ratings.rating, (ratings.rated_at, ratings.source, ratings.rating)) AS rating,
    max(ratings.rated_at) AS rated_at,
    list(DISTINCT ratings.source ORDER BY ratings.source) AS sources
FROM int_ratings AS ratings
INNER JOIN dim_movies AS movies ON ratings.movie_id = movies.movie_id
WHERE ratings.rating BETWEEN 0.5 AND 5.0
GROUP BY ratings.user_id, ratings.movie_id
ORDER BY ratings.user_id, ratings.movie_id
