-- purpose:  everybody's first ten films as one line of text, for browsing
-- grain:    a person with a list
-- key:      user_id
-- upstream: recommendation_lists, movies, user_profiles
-- refresh:  view
WITH first_ten AS (
    SELECT
        user_id,
        unnest(movie_ids[:10]) AS movie_id,
        generate_subscripts(movie_ids[:10], 1) AS rank
    FROM recommendation_lists
),

lines AS (
    SELECT
        first_ten.user_id,
        string_agg(coalesce(movies.title, '?'), ' · ' ORDER BY first_ten.rank) AS films
    FROM first_ten
    LEFT JOIN movies ON first_ten.movie_id = movies.movie_id
    GROUP BY first_ten.user_id
)

SELECT
    recommendation_lists.user_id,
    user_profiles.ratings,
    array_to_string(user_profiles.top_genres, ', ') AS likes,
    lines.films,
    len(recommendation_lists.movie_ids)::SMALLINT AS length
FROM recommendation_lists
LEFT JOIN lines ON recommendation_lists.user_id = lines.user_id
LEFT JOIN user_profiles ON recommendation_lists.user_id = user_profiles.user_id
