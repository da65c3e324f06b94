-- why:      the same film twice looks broken
-- severity: error
SELECT user_id
FROM recommendation_lists
WHERE len(list_distinct(movie_ids)) <> len(movie_ids)
