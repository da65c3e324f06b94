-- why:      without a rating there is nothing to learn from; the mapping of films has failed
-- severity: error
SELECT count(*) AS found
FROM fct_interactions
HAVING count(*) = 0
