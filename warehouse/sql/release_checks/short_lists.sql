-- why:      every person gets a full list while the catalogue has films left for them
-- severity: error
WITH catalogue AS (
    SELECT count(*) AS films
    FROM movies
    WHERE trim(title) <> ''
)

SELECT lists.user_id
FROM recommendation_lists AS lists
INNER JOIN histories ON lists.user_id = histories.user_id
CROSS JOIN catalogue
WHERE len(lists.movie_ids) < least(getvariable('list_length')::BIGINT, catalogue.films - len(histories.movie_ids))
