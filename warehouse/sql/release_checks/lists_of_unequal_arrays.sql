-- why:      a list whose ids, scores and sources differ in number cannot be read
-- severity: error
SELECT user_id
FROM recommendation_lists
WHERE len(movie_ids) <> len(scores) OR len(movie_ids) <> len(sources) OR len(because) > len(movie_ids)
