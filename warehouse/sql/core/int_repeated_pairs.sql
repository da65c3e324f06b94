-- purpose:  people and films of which more than one row tells; few, so that all other rows need no grouping
-- grain:    a person and a film
-- key:      user_id, movie_id
-- upstream: int_ratings, int_event_signals
-- refresh:  rebuilt
SELECT
    user_id,
    movie_id
FROM int_ratings
WHERE movie_id IS NOT NULL
GROUP BY user_id, movie_id
HAVING count(*) > 1
UNION
SELECT
    user_id,
    movie_id
FROM int_event_signals
