-- purpose:  the TMDB and IMDb ids that MovieLens gives its films
-- grain:    a film with a TMDB id
-- key:      movielens_id
-- upstream: raw_movielens_links
-- refresh:  view
SELECT
    movielens_id,
    tmdb_id AS movie_id,
    'tt' || lpad(imdb_number::VARCHAR, 7, '0') AS imdb_id -- IMDb ids have at least seven digits
FROM raw_movielens_links
WHERE tmdb_id IS NOT NULL
