-- purpose:  films that the app knows by their TMDB id, whether or not anything else is known of them
-- grain:    a film
-- key:      movie_id
-- upstream: stg_supabase_ratings, stg_events
-- refresh:  view
SELECT movie_id
FROM stg_supabase_ratings
UNION
SELECT tmdb_id AS movie_id
FROM stg_events
WHERE tmdb_id IS NOT NULL
