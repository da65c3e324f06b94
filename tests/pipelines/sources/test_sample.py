"""The sample world: right facts about films, and people who behave like people."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.sources.sample import (
    FILM_SCHEMA,
    RATING_SCHEMA,
    SAMPLE_DAYS,
    SAMPLE_END,
    generate_ratings,
    load_films,
)

TMDB_GENRES = {
    "Action",
    "Adventure",
    "Animation",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Family",
    "Fantasy",
    "History",
    "Horror",
    "Music",
    "Mystery",
    "Romance",
    "Science Fiction",
    "Thriller",
    "War",
    "Western",
}
ALIEN, ALIENS, BLADE_RUNNER, TOY_STORY, GODFATHER = 348, 679, 78, 862, 238


@pytest.fixture(scope="module")
def films() -> pa.Table:
    return load_films()


@pytest.fixture(scope="module")
def ratings(films: pa.Table) -> pa.Table:
    return generate_ratings(films)


@pytest.fixture(scope="module")
def by_person(ratings: pa.Table) -> dict[str, list[dict[str, Any]]]:
    people: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in ratings.to_pylist():
        people[row["user_id"]].append(row)
    return people


# films


def test_films_have_the_documented_columns_and_no_gaps(films: pa.Table) -> None:
    assert films.schema.equals(FILM_SCHEMA)
    assert all(films.column(name).null_count == 0 for name in films.column_names)
    assert 390 <= films.num_rows <= 420


def test_film_ids_are_unique_sorted_and_well_formed(films: pa.Table) -> None:
    movie_ids = films.column("movie_id").to_pylist()
    imdb_ids = films.column("imdb_id").to_pylist()
    assert movie_ids == sorted(set(movie_ids))
    assert len(set(imdb_ids)) == len(imdb_ids)
    assert all(re.fullmatch(r"tt\d{7,8}", imdb_id) for imdb_id in imdb_ids)


@pytest.mark.parametrize(
    ("movie_id", "imdb_id", "title", "year", "director"),
    [
        (348, "tt0078748", "Alien", 1979, "Ridley Scott"),
        (679, "tt0090605", "Aliens", 1986, "James Cameron"),
        (78, "tt0083658", "Blade Runner", 1982, "Ridley Scott"),
        (1091, "tt0084787", "The Thing", 1982, "John Carpenter"),
        (218, "tt0088247", "The Terminator", 1984, "James Cameron"),
        (62, "tt0062622", "2001: A Space Odyssey", 1968, "Stanley Kubrick"),
        (603, "tt0133093", "The Matrix", 1999, "Lana Wachowski"),
        (238, "tt0068646", "The Godfather", 1972, "Francis Ford Coppola"),
        (862, "tt0114709", "Toy Story", 1995, "John Lasseter"),
        (129, "tt0245429", "Spirited Away", 2001, "Hayao Miyazaki"),
        (346, "tt0047478", "Seven Samurai", 1954, "Akira Kurosawa"),
        (713, "tt0107822", "The Piano", 1993, "Jane Campion"),
    ],
)
def test_well_known_films_carry_their_real_facts(
    films: pa.Table, movie_id: int, imdb_id: str, title: str, year: int, director: str
) -> None:
    (film,) = films.filter(pc.equal(films.column("movie_id"), movie_id)).to_pylist()
    assert (film["imdb_id"], film["title"], film["year"]) == (imdb_id, title, year)
    assert director in film["directors"]


def test_films_cover_every_genre_and_decade(films: pa.Table) -> None:
    used = Counter(genre for genres in films.column("genres").to_pylist() for genre in genres)
    assert set(used) == TMDB_GENRES
    assert min(used.values()) >= 5
    decades = Counter(year // 10 * 10 for year in films.column("year").to_pylist())
    assert all(decades[decade] >= 8 for decade in range(1930, 2030, 10))
    languages = set(films.column("language").to_pylist())
    assert {"en", "ja", "fr", "it", "sv", "es", "ko", "de"} <= languages


def test_film_texts_are_short_plain_and_shared_between_films(films: pa.Table) -> None:
    words: Counter[str] = Counter()
    for film in films.to_pylist():
        assert 4 <= len(film["keywords"]) <= 8, film["title"]
        assert len(set(film["keywords"])) == len(film["keywords"]), film["title"]
        assert all(word == word.lower().strip() for word in film["keywords"]), film["title"]
        assert 20 <= len(film["overview"]) <= 100, film["title"]
        assert film["directors"], film["title"]
        assert 2 <= len(film["cast_names"]) <= 5, film["title"]
        assert 60 <= film["runtime"] <= 260, film["title"]
        assert 1 <= film["fame"] <= 5, film["title"]
        words.update(film["keywords"])
    shared = sum(count for count in words.values() if count >= 3)
    assert shared / words.total() > 0.9  # a keyword only one film has says nothing about others


# ratings


def test_ratings_have_the_documented_columns_and_known_films(films: pa.Table, ratings: pa.Table) -> None:
    assert ratings.schema.equals(RATING_SCHEMA)
    assert 25_000 <= ratings.num_rows <= 35_000
    assert set(ratings.column("movie_id").to_pylist()) <= set(films.column("movie_id").to_pylist())


def test_same_seed_gives_the_same_ratings_and_another_seed_does_not(films: pa.Table, ratings: pa.Table) -> None:
    assert generate_ratings(films, n_people=600, seed=42).equals(ratings)
    assert not generate_ratings(films, n_people=600, seed=43).equals(ratings)


def test_nobody_rates_a_film_twice_and_rows_are_sorted(ratings: pa.Table) -> None:
    rows = ratings.to_pylist()
    keys = [(int(r["user_id"].split("_")[1]), r["rated_at"], r["movie_id"]) for r in rows]
    assert keys == sorted(keys)
    assert len({(user, movie) for user, _, movie in keys}) == len(rows)
    assert {user for user, _, _ in keys} == set(range(1, 601))


def test_stars_come_in_halves_over_the_whole_scale(ratings: pa.Table) -> None:
    counts = Counter(ratings.column("rating").to_pylist())
    assert set(counts) == {half / 2 for half in range(1, 11)}
    assert 3.4 <= pc.mean(ratings.column("rating")).as_py() <= 3.8


def test_times_fill_three_years_before_the_fixed_end(ratings: pa.Table) -> None:
    assert datetime(2026, 10, 31, tzinfo=UTC) == SAMPLE_END
    first, last = pc.min_max(ratings.column("rated_at")).as_py().values()
    assert SAMPLE_END - timedelta(days=SAMPLE_DAYS) <= first
    assert first < SAMPLE_END - timedelta(days=SAMPLE_DAYS - 60)
    assert SAMPLE_END - timedelta(days=7) < last < SAMPLE_END


def test_history_lengths_have_a_long_tail_and_some_cold_people(
    by_person: dict[str, list[dict[str, Any]]],
) -> None:
    lengths = np.array([len(rows) for rows in by_person.values()])
    assert 10 <= np.sum(lengths < 5) <= 40
    assert 30 <= np.median(lengths) <= 50
    assert 150 <= lengths.max() <= 200


def test_a_tenth_of_the_films_draws_near_a_third_of_the_ratings(films: pa.Table, ratings: pa.Table) -> None:
    counts = Counter(ratings.column("movie_id").to_pylist())
    head = sum(count for _, count in counts.most_common(films.num_rows // 10))
    assert head / ratings.num_rows >= 0.3
    assert all(counts[movie_id] >= 100 for movie_id in (ALIEN, GODFATHER, TOY_STORY, 603))


def test_films_are_rated_in_sittings_with_some_equal_times(
    by_person: dict[str, list[dict[str, Any]]],
) -> None:
    gaps = [
        (after["rated_at"] - before["rated_at"]).total_seconds()
        for rows in by_person.values()
        for before, after in pairwise(rows)
    ]
    assert min(gaps) == 0
    assert 0.02 < np.mean(np.array(gaps) == 0) < 0.2
    assert 0.6 < np.mean(np.array(gaps) < 600) < 0.9
    assert np.mean(np.array(gaps) > 86_400) > 0.1


def test_alien_lovers_like_its_kin_and_not_toy_story(
    by_person: dict[str, list[dict[str, Any]]],
) -> None:
    likes = {user: {row["movie_id"] for row in rows if row["rating"] >= 4} for user, rows in by_person.items()}
    lovers = [
        user
        for user, rows in by_person.items()
        if any(row["movie_id"] == ALIEN and row["rating"] >= 4.5 for row in rows)
    ]

    def lift(movie_id: int) -> float:
        base = np.mean([movie_id in liked for liked in likes.values()])
        return float(np.mean([movie_id in likes[user] for user in lovers]) / base)

    assert len(lovers) >= 30
    assert lift(ALIENS) > 1.5
    assert lift(BLADE_RUNNER) > 1.5
    assert (lift(ALIENS) + lift(BLADE_RUNNER)) / 2 > 1.5 * lift(TOY_STORY)


def test_people_give_more_stars_to_what_they_choose_more_often(
    films: pa.Table, by_person: dict[str, list[dict[str, Any]]]
) -> None:
    genres = dict(zip(films.column("movie_id").to_pylist(), films.column("genres").to_pylist(), strict=True))
    usual, favourite = [], []
    for rows in by_person.values():
        if len(rows) < 20:
            continue
        top = Counter(genre for row in rows for genre in genres[row["movie_id"]]).most_common(1)[0][0]
        inside = [row["rating"] for row in rows if top in genres[row["movie_id"]]]
        outside = [row["rating"] for row in rows if top not in genres[row["movie_id"]]]
        if len(inside) >= 5 and len(outside) >= 5:
            favourite.append(np.mean(inside))
            usual.append(np.mean(outside))
    assert len(usual) > 300
    assert np.mean(favourite) > np.mean(usual) + 0.1


def test_tastes_drift_so_that_late_films_resemble_the_last_ones_more(
    films: pa.Table, by_person: dict[str, list[dict[str, Any]]]
) -> None:
    genres = dict(zip(films.column("movie_id").to_pylist(), films.column("genres").to_pylist(), strict=True))
    names = sorted(TMDB_GENRES)

    def profile(rows: list[dict[str, Any]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        hot = np.array([[g in genres[row["movie_id"]] for g in names] for row in rows], float)
        mean: np.ndarray[Any, np.dtype[np.float64]] = hot.mean(axis=0)
        return mean / np.linalg.norm(mean)

    near, far = [], []
    for rows in by_person.values():
        quarter = len(rows) // 4
        if quarter >= 8:
            last = profile(rows[-quarter:])
            near.append(last @ profile(rows[-2 * quarter : -quarter]))
            far.append(last @ profile(rows[:quarter]))
    assert np.mean(near) > np.mean(far)


def test_a_sequel_tends_to_follow_its_film_in_the_same_sitting(
    by_person: dict[str, list[dict[str, Any]]],
) -> None:
    follows, both = 0, 0
    for first, sequel in [(240, 242), (862, 863), (24, 393), (120, 121), (348, 679)]:
        for rows in by_person.values():
            order = [row["movie_id"] for row in rows]
            if first in order and sequel in order:
                both += 1
                follows += order.index(sequel) == order.index(first) + 1
    assert follows / both > 0.1  # by chance: about one in a history's length, 1/80 for such people


@pytest.mark.parametrize("n_people", [0, 1, 7])
def test_any_number_of_people_can_be_invented(films: pa.Table, n_people: int) -> None:
    ratings = generate_ratings(films, n_people=n_people, seed=1)
    assert ratings.schema.equals(RATING_SCHEMA)
    assert len(set(ratings.column("user_id").to_pylist())) == n_people


def test_a_short_shelf_is_exhausted_and_never_repeated(films: pa.Table) -> None:
    ratings = generate_ratings(films.slice(0, 3), n_people=50, seed=1)
    counts = Counter(ratings.column("user_id").to_pylist())
    assert max(counts.values()) == 3
    assert len(counts) == 50
