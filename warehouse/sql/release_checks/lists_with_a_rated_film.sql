-- why:      nobody wants to be offered a film that they have rated
-- severity: error
SELECT lists.user_id
FROM recommendation_lists AS lists
INNER JOIN histories ON lists.user_id = histories.user_id
WHERE list_has_any(lists.movie_ids, histories.movie_ids)
