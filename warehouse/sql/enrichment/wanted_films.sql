-- purpose:  the films that the active data set needs facts of
-- grain:    a film
-- key:      movie_id
-- upstream: known_mapping, set_films, set_links, set_ratings (the active batch), stg_supabase_ratings, stg_events
-- refresh:  each run
WITH links AS (
    -- the mapping's ledger goes before what the set says
    SELECT
        coalesce(known.movielens_id, links.movielens_id) AS movielens_id,
        coalesce(known.movie_id, links.tmdb_id) AS movie_id,
        coalesce(known.imdb_id, 'tt' || lpad(links.imdb_number::VARCHAR, 7, '0')) AS imdb_id
    FROM set_links AS links
    FULL OUTER JOIN known_mapping AS known ON links.movielens_id = known.movielens_id
),

counts AS (
    SELECT
        movielens_id,
        count(*) AS ratings
    FROM set_ratings
    GROUP BY movielens_id
),

app_ratings AS (
    SELECT
        user_id,
        movie_id
    FROM stg_supabase_ratings
    UNION
    SELECT
        user_id,
        tmdb_id AS movie_id
    FROM stg_events
    WHERE tmdb_id IS NOT NULL
),

needed AS (
    -- the mapping knows films of larger sets too; only the active one's are wanted
    SELECT
        links.movie_id,
        links.imdb_id,
        coalesce(counts.ratings, 0) AS ratings
    FROM links
    LEFT JOIN counts ON links.movielens_id = counts.movielens_id
    WHERE links.movielens_id IN (SELECT movielens_id FROM set_films)
    UNION ALL
    SELECT
        movie_id,
        NULL AS imdb_id,
        count(*) AS ratings
    FROM app_ratings
    GROUP BY movie_id
)

SELECT
    movie_id,
    min(imdb_id) AS imdb_id,
    sum(ratings)::BIGINT AS ratings
FROM needed
WHERE movie_id > 0
GROUP BY movie_id
ORDER BY ratings DESC, movie_id ASC
