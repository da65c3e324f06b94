-- why:      one rating tells little; past a quarter of all people the source is likely cut short
-- severity: warn
SELECT
    count(*) AS people,
    count(*) FILTER (ratings = 1) AS with_one
FROM mart_user_profiles
HAVING count(*) FILTER (ratings = 1) > 0.25 * count(*)
