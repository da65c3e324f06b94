-- purpose:  what the API says of a film inside a list, as JSON made once a release, and what it filters by
-- grain:    a film with a title
-- key:      movie_id
-- upstream: movies
-- refresh:  read by the API when it opens a release
SELECT
    movie_id,
    movielens_id,
    year,
    vote_average,
    genres,
    encode(to_json({
        movie_id: movie_id,
        title: title,
        year: year,
        release_date: release_date,
        genres: genres,
        poster_path: poster_path,
        poster_url: getvariable('poster_base_url') || poster_path,
        backdrop_path: backdrop_path,
        runtime: runtime,
        overview: overview,
        vote_average: if(isfinite(vote_average), round(vote_average::DOUBLE, 3), NULL)
    })) AS card,
    encode(to_json({ movie_id: movie_id, title: title })) AS reason
FROM movies
WHERE trim(coalesce(title, '')) <> ''
ORDER BY movie_id
