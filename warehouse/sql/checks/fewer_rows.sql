-- why:      a source that loses a tenth of its rows from one build to the next deserves a look
-- severity: warn
SELECT
    before.source,
    before.ratings AS before,
    coalesce(counts.ratings, 0) AS found
FROM raw_last_counts AS before
LEFT JOIN mart_source_counts AS counts ON before.source = counts.source
WHERE coalesce(counts.ratings, 0) < 0.9 * before.ratings
