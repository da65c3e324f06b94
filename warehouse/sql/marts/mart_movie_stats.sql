-- purpose:  how often, how well and how lately each film is rated
-- grain:    a film with at least one rating
-- key:      movie_id
-- upstream: fct_interactions
-- refresh:  rebuilt
SELECT
    movie_id,
    count(*)::INTEGER AS ratings,
    avg(rating)::FLOAT AS mean_rating,
    count(*) FILTER (WHERE rating >= 4)::INTEGER AS likes,
    max(rated_at) AS last_rated_at
FROM fct_interactions
GROUP BY movie_id
ORDER BY movie_id
