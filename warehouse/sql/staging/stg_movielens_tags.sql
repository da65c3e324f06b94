-- purpose:  words that people put on films, for where TMDB is absent
-- grain:    a film and a tag, lower-cased
-- key:      movielens_id, tag
-- upstream: raw_movielens_tags
-- refresh:  view
SELECT
    movielens_id,
    lower(trim(tag)) AS tag,
    count(DISTINCT user_id)::INTEGER AS people
FROM raw_movielens_tags
WHERE trim(tag) <> ''
GROUP BY movielens_id, lower(trim(tag))
