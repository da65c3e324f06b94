-- purpose:  the app's ratings as they stand: of each row its newest batch, deleted ones left out
-- grain:    a person and a film
-- key:      user_id, movie_id
-- upstream: raw_supabase_ratings
-- refresh:  view
SELECT
    user_id,
    movie_id,
    rating,
    rated_at
FROM raw_supabase_ratings
QUALIFY row_number() OVER (PARTITION BY user_id, movie_id ORDER BY batch_id DESC) = 1 AND NOT deleted
