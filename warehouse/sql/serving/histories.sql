-- purpose:  somebody's history as the live path reads it; the API adds whose
-- grain:    a person
-- key:      user_id
-- upstream: histories
-- refresh:  read by the API, one person at a time
SELECT
    user_id,
    movie_ids,
    ratings,
    [epoch_us(moment) // 1000000 FOR moment IN rated_at] AS rated_seconds,
    sources,
    fingerprint
FROM histories
