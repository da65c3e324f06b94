-- why:      a set whose films are mostly unknown is joined to the wrong catalogue; under 5 % is usual
-- severity: warn
WITH dropped AS (
    SELECT coalesce(sum(ratings), 0) AS ratings
    FROM mart_dropped_ratings
    WHERE reason LIKE 'film%'
),

kept AS (
    SELECT count(*) AS ratings
    FROM fct_interactions
)

SELECT
    dropped.ratings AS dropped,
    kept.ratings AS kept
FROM dropped
CROSS JOIN kept
WHERE dropped.ratings > 0.05 * (dropped.ratings + kept.ratings)
