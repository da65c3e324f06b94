-- purpose:  ratings of all sources side by side, each with the TMDB film it is about, where there is one
-- grain:    a landed rating
-- key:      none (the same person may have rated a film twice)
-- upstream: stg_movielens_ratings, stg_sample_ratings, stg_supabase_ratings, int_events, int_suppressed_people,
--           dim_tmdb_mapping
-- refresh:  view
WITH landed AS (
    SELECT
        ratings.user_id,
        mapping.movie_id,
        ratings.rating,
        ratings.rated_at,
        'movielens' AS source
    FROM stg_movielens_ratings AS ratings
    LEFT JOIN dim_tmdb_mapping AS mapping
        ON ratings.movielens_id = mapping.movielens_id AND mapping.id_space = getvariable('id_space')
    UNION ALL
    SELECT
        user_id,
        movie_id,
        rating,
        rated_at,
        'sample' AS source
    FROM stg_sample_ratings
    UNION ALL
    SELECT
        user_id,
        movie_id,
        rating,
        rated_at,
        'supabase' AS source
    FROM stg_supabase_ratings
    UNION ALL
    SELECT
        user_id,
        movie_id,
        value AS rating,
        happened_at AS rated_at,
        'events' AS source
    FROM int_events
    WHERE event = 'rating'
)

SELECT landed.*
FROM landed
ANTI JOIN int_suppressed_people AS suppressed ON landed.user_id = suppressed.user_id
