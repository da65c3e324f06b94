-- purpose:  words that people put on films, and when, in Playbill's names and types
-- grain:    a row of the set's tags file
-- key:      none (somebody may have put the same word on a film twice)
-- upstream: raw_movielens_tags
-- refresh:  view
SELECT
    movielens_id,
    movielens_user(user_id) AS user_id,
    lower(trim(tag)) AS tag,
    to_timestamp(timestamp) AS tagged_at
FROM raw_movielens_tags
WHERE trim(tag) <> ''
