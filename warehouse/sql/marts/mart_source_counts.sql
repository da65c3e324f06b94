-- purpose:  how much each source brings, to be compared with the last time
-- grain:    a source
-- key:      source
-- upstream: int_ratings, int_events
-- refresh:  rebuilt
SELECT
    source,
    count(*)::INTEGER AS ratings
FROM int_ratings
WHERE source <> 'events'
GROUP BY source
UNION ALL
SELECT
    'events' AS source,
    count(*)::INTEGER AS ratings
FROM int_events
HAVING count(*) > 0
ORDER BY source
