-- why:      a person with two rows for one film would count twice in every model
-- severity: error
SELECT
    user_id,
    movie_id,
    count(*) AS found
FROM fct_interactions
GROUP BY user_id, movie_id
HAVING count(*) > 1
