-- purpose:  who put which word on which film, and when; an evaluation reads only what was given before it asks
-- grain:    a person, a film and a tag, lower-cased
-- key:      user_id, movie_id, tag
-- upstream: stg_movielens_tags, dim_tmdb_mapping, int_suppressed_people, dim_movies
-- refresh:  rebuilt
SELECT
    tags.user_id,
    mapping.movie_id,
    tags.tag,
    -- the first time: later ones add nothing
    min(tags.tagged_at) AS tagged_at
FROM stg_movielens_tags AS tags
INNER JOIN dim_tmdb_mapping AS mapping
    ON tags.movielens_id = mapping.movielens_id AND mapping.id_space = getvariable('id_space')
SEMI JOIN dim_movies AS movies ON mapping.movie_id = movies.movie_id
ANTI JOIN int_suppressed_people AS suppressed ON tags.user_id = suppressed.user_id
GROUP BY tags.user_id, mapping.movie_id, tags.tag
ORDER BY tags.user_id, mapping.movie_id, tags.tag
