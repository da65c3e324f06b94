-- purpose:  scores and shares that are NaN or infinite, which no answer could say
-- grain:    a relation that has any
-- key:      relation
-- upstream: recommendation_lists, popular_movies, similar_movies, score_chances
-- refresh:  read by the API when it opens a release
SELECT
    'recommendation_lists' AS relation,
    count(*) AS broken
FROM recommendation_lists
WHERE
    NOT isfinite(coalesce(list_sum(scores), 0))
    OR NOT isfinite(coalesce(list_sum([reason.share FOR reason IN flatten(because)]), 0))
HAVING count(*) > 0
UNION ALL
SELECT
    'popular_movies' AS relation,
    count(*) AS broken
FROM popular_movies
WHERE NOT isfinite(score)
HAVING count(*) > 0
UNION ALL
SELECT
    'similar_movies' AS relation,
    count(*) AS broken
FROM similar_movies
WHERE NOT isfinite(score)
HAVING count(*) > 0
UNION ALL
SELECT
    'score_chances' AS relation,
    count(*) AS broken
FROM score_chances
WHERE NOT isfinite(score) OR NOT coalesce(chance BETWEEN 0 AND 1, FALSE)
HAVING count(*) > 0
