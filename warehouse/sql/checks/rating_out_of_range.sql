-- why:      models read 0.5-5.0 stars; anything else is a unit mistake in a source
-- severity: error
SELECT
    user_id,
    movie_id,
    rating
FROM fct_interactions
WHERE rating NOT BETWEEN 0.5 AND 5.0
