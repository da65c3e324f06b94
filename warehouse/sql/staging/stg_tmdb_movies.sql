-- purpose:  TMDB's facts of the active films and of the popular ones, under every id they have had
-- grain:    an id
-- key:      known_as
-- upstream: raw_tmdb_movies
-- refresh:  view
SELECT
    unnest(list_prepend(movie_id, former_ids)) AS known_as,
    movie_id,
    imdb_id,
    title,
    original_title,
    year,
    release_date,
    genres,
    keywords,
    cast_names,
    directors,
    overview,
    tagline,
    runtime,
    language,
    poster_path,
    backdrop_path,
    vote_average,
    vote_count,
    popularity,
    collection,
    popular_rank,
    fetched_at
FROM raw_tmdb_movies
