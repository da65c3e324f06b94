-- why:      a source lost more rows than PLAYBILL_QUALITY__MAX_DROP_SHARE allows; was it cut short? (1 allows all)
-- severity: error
SELECT
    before.source,
    before.ratings AS before,
    coalesce(counts.ratings, 0) AS found
FROM raw_last_counts AS before
LEFT JOIN mart_source_counts AS counts ON before.source = counts.source
WHERE coalesce(counts.ratings, 0) < (1 - getvariable('max_drop_share')) * before.ratings
