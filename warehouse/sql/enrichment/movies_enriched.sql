-- purpose:  TMDB's facts of the films that are wanted now, for the build
-- grain:    a film with a record
-- key:      movie_id
-- upstream: current_films, wanted_films (movie_id), popular_films (movie_id, rank)
-- refresh:  each run
WITH moved AS (
    SELECT
        films.movie_id,
        list(films.asked_id ORDER BY films.asked_id) AS former_ids
    FROM current_films AS films
    INNER JOIN wanted_films AS wanted ON films.asked_id = wanted.movie_id
    WHERE films.movie_id <> films.asked_id
    GROUP BY films.movie_id
)

SELECT
    films.movie_id,
    films.title,
    films.original_title,
    films.year,
    films.release_date,
    films.overview,
    films.tagline,
    films.genres,
    films.keywords,
    films.cast_names,
    films.directors,
    films.runtime,
    films.language,
    films.poster_path,
    films.backdrop_path,
    films.vote_average,
    films.vote_count,
    films.popularity,
    films.imdb_id,
    films.collection,
    films.fetched_at,
    popular.rank AS popular_rank,
    coalesce(moved.former_ids, []) AS former_ids
FROM current_films AS films
LEFT JOIN wanted_films AS wanted ON films.asked_id = wanted.movie_id
LEFT JOIN popular_films AS popular ON films.asked_id = popular.movie_id
LEFT JOIN moved ON films.asked_id = moved.movie_id
WHERE
    films.movie_id = films.asked_id
    AND films.fetched_at IS NOT NULL
    AND (wanted.movie_id IS NOT NULL OR popular.movie_id IS NOT NULL OR moved.movie_id IS NOT NULL)
ORDER BY films.movie_id
