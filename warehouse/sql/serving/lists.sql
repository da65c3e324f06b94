-- purpose:  everybody's list as the API holds it in memory
-- grain:    a person
-- key:      user_id
-- upstream: recommendation_lists, histories
-- refresh:  read by the API when it opens a release
SELECT
    recommendation_lists.user_id,
    recommendation_lists.movie_ids,
    recommendation_lists.scores,
    recommendation_lists.sources,
    recommendation_lists.because,
    epoch_us(recommendation_lists.generated_at) AS generated_us,
    coalesce(len(histories.movie_ids), 0)::INTEGER AS ratings
FROM recommendation_lists
LEFT JOIN histories ON recommendation_lists.user_id = histories.user_id
