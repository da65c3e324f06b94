-- why:      a film rated two stars or less is nobody's reason to see another
-- severity: error
WITH cited AS (
    SELECT
        user_id,
        unnest(flatten(because)).movie_id AS movie_id
    FROM recommendation_lists
),

disliked AS (
    SELECT
        user_id,
        unnest(movie_ids) AS movie_id,
        unnest(ratings) AS rating
    FROM histories
)

SELECT
    cited.user_id,
    cited.movie_id
FROM cited
INNER JOIN disliked ON cited.user_id = disliked.user_id AND cited.movie_id = disliked.movie_id
WHERE disliked.rating <= 2
