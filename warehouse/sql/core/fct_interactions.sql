-- purpose:  what each person thinks of each film: their latest rating, and what their events say
-- grain:    a person and a film
-- key:      user_id, movie_id
-- upstream: int_ratings, int_repeated_pairs, int_event_signals, dim_movies
-- refresh:  rebuilt
WITH good AS (
    SELECT ratings.*
    FROM int_ratings AS ratings
    SEMI JOIN dim_movies AS movies ON ratings.movie_id = movies.movie_id
    WHERE ratings.rating BETWEEN 0.5 AND 5.0
),

latest AS (
    SELECT
        good.user_id,
        good.movie_id,
        arg_max(good.rating, (good.rated_at, good.source, good.rating)) AS rating,
        max(good.rated_at) AS rated_at,
        list(DISTINCT good.source ORDER BY good.source) AS sources
    FROM good
    SEMI JOIN int_repeated_pairs AS pairs ON good.user_id = pairs.user_id AND good.movie_id = pairs.movie_id
    GROUP BY good.user_id, good.movie_id
),

merged AS (
    -- stars that somebody gave count before those that events stand for
    SELECT
        coalesce(latest.user_id, signals.user_id) AS user_id,
        coalesce(latest.movie_id, signals.movie_id) AS movie_id,
        coalesce(latest.rating, signals.stars) AS rating,
        coalesce(latest.rated_at, signals.happened_at) AS rated_at,
        CASE
            WHEN signals.user_id IS NULL THEN latest.sources
            ELSE list_sort(list_distinct(coalesce(latest.sources, []) || ['events']))
        END AS sources
    FROM latest
    FULL OUTER JOIN int_event_signals AS signals
        ON latest.user_id = signals.user_id AND latest.movie_id = signals.movie_id
)

SELECT
    good.user_id,
    good.movie_id,
    good.rating,
    good.rated_at,
    [good.source] AS sources
FROM good
ANTI JOIN int_repeated_pairs AS pairs ON good.user_id = pairs.user_id AND good.movie_id = pairs.movie_id
UNION ALL
SELECT * FROM merged
ORDER BY user_id, movie_id
