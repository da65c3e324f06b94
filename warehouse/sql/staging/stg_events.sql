-- purpose:  events of the interaction logs; a line that stands in two files counts once
-- grain:    a person, a film, an event and a moment
-- key:      all columns
-- upstream: raw_events_signals
-- refresh:  view
SELECT DISTINCT
    user_id,
    event,
    happened_at,
    value,
    tmdb_id,
    movielens_id,
    imdb_id
FROM raw_events_signals
