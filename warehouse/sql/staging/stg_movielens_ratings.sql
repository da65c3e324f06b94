-- purpose:  ratings of the active MovieLens set, in Playbill's names and types
-- grain:    a row of the set's ratings file
-- key:      user_id, movielens_id (not enforced here; fct_interactions keeps the latest)
-- upstream: raw_movielens_ratings
-- refresh:  view
SELECT
    movielens_id,
    rating,
    movielens_user(user_id) AS user_id,
    to_timestamp(timestamp) AS rated_at
FROM raw_movielens_ratings
