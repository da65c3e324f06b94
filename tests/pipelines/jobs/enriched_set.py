"""A MovieLens set of five films whose fates at TMDB differ, written as the CSV files that it comes in."""

from __future__ import annotations

from pathlib import Path

# MovieLens 1-5: 3 is gone from TMDB but has another id there (330), 4 is gone for good, 5 has no TMDB id
FILMS = [
    (1, "Toy Story (1995)", "Animation|Children", 862, "0114709"),
    (2, "Alien (1979)", "Horror|Sci-Fi", 348, "0078748"),
    (3, "Moved, The (2001)", "Drama", 300, "0000300"),
    (4, "Gone (2002)", "Drama|Musical", 400, "0000400"),
    (5, "Unlinked (2003)", "War", "", "0000500"),
]
RATINGS = [(1, 1, 5.0), (2, 1, 4.0), (1, 2, 4.0), (1, 3, 3.0), (2, 4, 2.0), (2, 5, 1.0)]


def movielens(home: Path) -> Path:
    home.mkdir()
    movies = [f'{number},"{title}",{genres}' for number, title, genres, *_ in FILMS]
    (home / "movies.csv").write_text("\n".join(["movieId,title,genres", *movies]) + "\n")
    links = [f"{number},{imdb},{tmdb}" for number, _, _, tmdb, imdb in FILMS]
    (home / "links.csv").write_text("\n".join(["movieId,imdbId,tmdbId", *links]) + "\n")
    ratings = [f"{user},{number},{stars},{1_000_000_000 + i}" for i, (user, number, stars) in enumerate(RATINGS)]
    (home / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *ratings]) + "\n")
    return home
