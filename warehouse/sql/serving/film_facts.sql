-- purpose:  what wishes ask of films: who made them and is in them, their keywords, language, length and fame
-- grain:    a film with a title
-- key:      movie_id
-- upstream: movies
-- refresh:  read by the API when it opens a release
SELECT
    movie_id,
    title,
    original_title,
    coalesce(directors, []) AS directors,
    coalesce(cast_names, []) AS cast_names,
    coalesce(keywords, []) AS keywords,
    language,
    runtime,
    coalesce(vote_average, 2 * mean_rating) AS vote_average,
    coalesce(vote_count, 0) AS vote_count,
    ratings,
    likes
FROM movies
WHERE trim(coalesce(title, '')) <> ''
ORDER BY movie_id
