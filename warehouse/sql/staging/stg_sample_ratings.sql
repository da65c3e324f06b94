-- purpose:  ratings of the embedded sample's invented people
-- grain:    a rating
-- key:      user_id, movie_id
-- upstream: raw_sample_ratings
-- refresh:  view
SELECT
    user_id,
    movie_id,
    rating,
    rated_at
FROM raw_sample_ratings
