-- purpose:  who somebody is, in a line: how much they rated, what they like
-- grain:    a person
-- key:      user_id
-- upstream: fct_interactions, dim_movies
-- refresh:  rebuilt
WITH people AS (
    SELECT
        user_id,
        count(*)::INTEGER AS ratings,
        avg(rating)::FLOAT AS mean_rating,
        max(rated_at) AS last_rated_at
    FROM fct_interactions
    GROUP BY user_id
),

liked AS (
    SELECT
        ratings.user_id,
        movies.genres,
        movies.directors
    FROM fct_interactions AS ratings
    INNER JOIN dim_movies AS movies ON ratings.movie_id = movies.movie_id
    WHERE ratings.rating >= 4 -- stars
),

liked_genres AS (
    SELECT
        user_id,
        unnest(genres) AS genre
    FROM liked
),

genre_counts AS (
    SELECT
        user_id,
        genre,
        count(*) AS films
    FROM liked_genres
    GROUP BY user_id, genre
),

liked_directors AS (
    SELECT
        user_id,
        unnest(directors) AS director
    FROM liked
),

director_counts AS (
    SELECT
        user_id,
        director,
        count(*) AS films
    FROM liked_directors
    GROUP BY user_id, director
),

top_genres AS (
    SELECT
        user_id,
        list(genre ORDER BY films DESC, genre ASC)[:3] AS top_genres
    FROM genre_counts
    GROUP BY user_id
),

top_directors AS (
    SELECT
        user_id,
        list(director ORDER BY films DESC, director ASC)[:3] AS top_directors
    FROM director_counts
    WHERE films > 1 -- one film says nothing of a taste for its director
    GROUP BY user_id
)

SELECT
    people.user_id,
    people.ratings,
    people.mean_rating,
    coalesce(top_genres.top_genres, []) AS top_genres,
    coalesce(top_directors.top_directors, []) AS top_directors,
    people.last_rated_at
FROM people
LEFT JOIN top_genres ON people.user_id = top_genres.user_id
LEFT JOIN top_directors ON people.user_id = top_directors.user_id
ORDER BY people.user_id
