-- purpose:  the embedded sample's films with all that is known of them
-- grain:    a film
-- key:      movie_id
-- upstream: raw_sample_films
-- refresh:  view
SELECT
    movie_id,
    imdb_id,
    title,
    year,
    genres,
    keywords,
    cast_names,
    directors,
    overview,
    runtime,
    language
FROM raw_sample_films
WHERE title <> ''
