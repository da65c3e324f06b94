-- purpose:  landed ratings and events that are in no person's history, counted by reason
-- grain:    a source and a reason
-- key:      source, reason
-- upstream: int_ratings, int_events, int_repeated_pairs, dim_movies, fct_interactions
-- refresh:  rebuilt
WITH landed AS (
    SELECT
        user_id,
        movie_id,
        rating,
        rated_at,
        source
    FROM int_ratings
    UNION ALL
    SELECT
        user_id,
        movie_id,
        1 AS rating,
        happened_at AS rated_at,
        'events' AS source
    FROM int_events
    WHERE event <> 'rating' AND movie_id IS NULL
),

judged AS (
    SELECT
        landed.*,
        CASE
            WHEN landed.movie_id IS NULL THEN 'film has no TMDB id'
            WHEN movies.movie_id IS NULL THEN 'film is not in the catalogue'
            WHEN landed.rating NOT BETWEEN 0.5 AND 5.0 THEN 'rating is outside 0.5-5.0'
        END AS reason
    FROM landed
    LEFT JOIN dim_movies AS movies ON landed.movie_id = movies.movie_id
),

repeated AS (
    SELECT
        judged.source,
        row_number() OVER (
            PARTITION BY judged.user_id, judged.movie_id
            ORDER BY judged.rated_at DESC, judged.source DESC, judged.rating DESC
        ) AS place
    FROM judged
    SEMI JOIN int_repeated_pairs AS pairs ON judged.user_id = pairs.user_id AND judged.movie_id = pairs.movie_id
    WHERE judged.reason IS NULL
)

SELECT
    source,
    reason,
    count(*)::INTEGER AS ratings
FROM judged
WHERE reason IS NOT NULL
GROUP BY source, reason
UNION ALL
SELECT
    source,
    'a later rating of the same film replaces it' AS reason,
    count(*)::INTEGER AS ratings
FROM repeated
WHERE place > 1
GROUP BY source
ORDER BY source, reason
