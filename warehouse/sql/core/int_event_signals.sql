-- purpose:  what interaction logs say of a person and a film: the stars that the weightiest kind of event stands for
-- grain:    a person and a film
-- key:      user_id, movie_id
-- upstream: int_events, dim_movies, raw_event_weights
-- refresh:  rebuilt
WITH weighed AS (
    SELECT
        events.user_id,
        events.movie_id,
        events.event,
        events.happened_at,
        rules.weight,
        rules.stars,
        rules.opinion
    FROM int_events AS events
    INNER JOIN raw_event_weights AS rules ON events.event = rules.event
    SEMI JOIN dim_movies AS movies ON events.movie_id = movies.movie_id
),

kinds AS (
    SELECT
        user_id,
        movie_id,
        event,
        any_value(stars) AS stars,
        any_value(opinion) AS opinion,
        -- the tenth view says less than the first
        any_value(weight) * (CASE WHEN any_value(opinion) THEN 1 ELSE 1 + ln(count(*)) END) AS weight,
        max(happened_at) AS happened_at
    FROM weighed
    GROUP BY user_id, movie_id, event
),

held AS (
    -- of several opinions (a like, then a dislike) the last one is held
    SELECT *
    FROM kinds
    QUALIFY
        NOT opinion
        OR row_number() OVER (PARTITION BY user_id, movie_id, opinion ORDER BY happened_at DESC, event ASC) = 1
)

SELECT
    user_id,
    movie_id,
    arg_max(stars, (opinion, abs(weight), happened_at, event)) AS stars,
    max(happened_at) AS happened_at
FROM held
GROUP BY user_id, movie_id
ORDER BY user_id, movie_id
