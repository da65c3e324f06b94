-- purpose:  films of the active MovieLens set
-- grain:    a film of the set
-- key:      movielens_id
-- upstream: raw_movielens_films
-- refresh:  view
SELECT
    movielens_id,
    title,
    year,
    genres
FROM raw_movielens_films
WHERE title <> ''
