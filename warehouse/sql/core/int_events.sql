-- purpose:  events with the TMDB film each is about, whichever id the log gave
-- grain:    a person, a film, an event and a moment
-- key:      none (two ids of one film may stand in one log)
-- upstream: stg_events, dim_tmdb_mapping, stg_sample_films, stg_tmdb_movies, int_suppressed_people
-- refresh:  view
WITH by_imdb AS (
    SELECT
        imdb_id,
        min(movie_id) AS movie_id
    FROM (
        SELECT
            imdb_id,
            movie_id
        FROM dim_tmdb_mapping
        UNION ALL
        SELECT
            imdb_id,
            movie_id
        FROM stg_sample_films
        UNION ALL
        SELECT
            imdb_id,
            known_as AS movie_id
        FROM stg_tmdb_movies
    ) AS ids
    WHERE imdb_id IS NOT NULL
    GROUP BY imdb_id
)

SELECT
    events.user_id,
    events.event,
    events.happened_at,
    events.value,
    coalesce(events.tmdb_id, by_imdb.movie_id, mapping.movie_id) AS movie_id
FROM stg_events AS events
LEFT JOIN by_imdb ON events.imdb_id = by_imdb.imdb_id
LEFT JOIN dim_tmdb_mapping AS mapping
    ON events.movielens_id = mapping.movielens_id AND mapping.id_space = 'movielens'
ANTI JOIN int_suppressed_people AS suppressed ON events.user_id = suppressed.user_id
