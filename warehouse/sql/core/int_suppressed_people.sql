-- purpose:  people in the lake who asked to be forgotten; nothing of them goes further
-- grain:    a person
-- key:      user_id
-- upstream: stg_movielens_ratings, stg_sample_ratings, stg_supabase_ratings, stg_events, raw_suppressed_people
-- refresh:  rebuilt
WITH people AS (
    SELECT DISTINCT user_id FROM stg_movielens_ratings
    UNION
    SELECT DISTINCT user_id FROM stg_sample_ratings
    UNION
    SELECT DISTINCT user_id FROM stg_supabase_ratings
    UNION
    SELECT DISTINCT user_id FROM stg_events
)

SELECT people.user_id
FROM people
INNER JOIN raw_suppressed_people AS suppressed ON sha256(people.user_id) = suppressed.user_hash
ORDER BY people.user_id
