-- purpose:  how often, how well and how lately each film is rated
-- grain:    a film with at least one rating
-- key:      movie_id
-- upstream: fct_interactions
-- refresh:  rebuilt
WITH overall AS (
    SELECT
        avg(rating) AS mean_rating,
        max(rated_at) AS newest
    FROM fct_interactions
)

SELECT
    ratings.movie_id,
    count(*)::INTEGER AS ratings,
    avg(ratings.rating)::FLOAT AS mean_rating,
    -- ten ratings at the overall mean keep one lone 5 stars from leading
    ((sum(ratings.rating) + 10 * any_value(overall.mean_rating)) / (count(*) + 10))::FLOAT AS damped_mean,
    -- a rating counts half after 180 days, back from the newest rating of all
    sum(0.5 ** (date_diff('day', ratings.rated_at, overall.newest) / 180.0))::FLOAT AS decayed_popularity,
    max(ratings.rated_at) AS last_rated_at
FROM fct_interactions AS ratings
CROSS JOIN overall
GROUP BY ratings.movie_id
ORDER BY ratings.movie_id
