-- purpose:  all that is known of a film, as JSON; the API adds which
-- grain:    a film
-- key:      movie_id
-- upstream: movies
-- refresh:  read by the API, one film at a time
SELECT
    movie_id,
    to_json({
        movie_id: movie_id,
        movielens_id: movielens_id,
        imdb_id: imdb_id,
        title: title,
        original_title: original_title,
        year: year,
        release_date: release_date,
        genres: genres,
        keywords: keywords,
        cast_names: cast_names,
        directors: directors,
        overview: overview,
        tagline: tagline,
        runtime: runtime,
        language: language,
        poster_path: poster_path,
        poster_url: getvariable('poster_base_url') || poster_path,
        backdrop_path: backdrop_path,
        vote_average: if(isfinite(vote_average), round(vote_average::DOUBLE, 3), NULL),
        vote_count: vote_count,
        ratings: ratings,
        mean_rating: if(isfinite(mean_rating), round(mean_rating::DOUBLE, 3), NULL),
        recommendable: trim(coalesce(title, '')) <> ''
    }) AS details
FROM movies
