-- why:      everybody with a history is promised a list
-- severity: error
SELECT histories.user_id
FROM histories
LEFT JOIN recommendation_lists AS lists ON histories.user_id = lists.user_id
WHERE lists.user_id IS NULL
