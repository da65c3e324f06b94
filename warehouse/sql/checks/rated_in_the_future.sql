-- why:      a clock that is ahead makes its ratings the most recent of all; a day is let pass for time zones
-- severity: warn
SELECT
    user_id,
    movie_id,
    rated_at
FROM fct_interactions
WHERE rated_at > getvariable('built_at')::TIMESTAMPTZ + INTERVAL 1 DAY
