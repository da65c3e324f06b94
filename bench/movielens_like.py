"""A made-up data set in MovieLens's CSV layout and of its shape: as many rows, people and films, as long a tail.

MovieLens 32M (its README, May 2024): 32,000,204 ratings and 2,000,072 tags of 87,585 films by 200,948 people, each of
whom rated 20 films or more. What the shape is held to is said beside each constant.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

STARS = np.arange(0.5, 5.01, 0.5)
STAR_SHARES = np.array([0.016, 0.031, 0.016, 0.066, 0.050, 0.196, 0.127, 0.266, 0.088, 0.144])
"""Shares of 0.5 to 5.0 stars in MovieLens 25M."""
PEOPLE_AT_ONCE = 2_000
TASTE = 1.0
"""Each so many people share a taste: every film's weight times a log-normal number of this deviation. Without one, no
model could beat popularity, and a run would publish popular films alone."""
MANY_FILMS, ROUNDS = 800, 4
"""People with more films, or still short after these rounds of drawing, are drawn in one go."""
START_SECONDS, SPAN_SECONDS = 789_652_004, 907_545_000
"""From January 1995 to October 2023."""


@dataclass(frozen=True)
class Shape:
    """How large a set is."""

    ratings: int = 32_000_204
    people: int = 200_948
    films: int = 87_585
    tags: int = 2_000_072
    fewest: int = 20


def film_weights(shape: Shape) -> Floats:
    """Return the chance of each film to be rated, by rank.

    Zipf-Mandelbrot with an exponential cut, so that the most rated film has about a third of a percent of all ratings
    (in MovieLens 25M: 81,491 of 25,000,095) and half the films a handful of ratings or fewer.
    """
    rank = np.arange(1, shape.films + 1, dtype=np.float64)
    weights = (rank + 90.0) ** -1.0 * np.exp(-rank / (shape.films / 14.0))
    weights += 0.9 / shape.ratings * weights.sum()  # the last films have a rating or two, not none
    shares: Floats = weights / weights.sum()
    return shares


def lengths(shape: Shape, rng: np.random.Generator) -> Integers:
    """Return how many films each person rated: 20 and more, log-normal above, median about 70, mean about 160."""
    extra = rng.lognormal(mean=np.log(51.0), sigma=1.42, size=shape.people)
    found = np.minimum(shape.fewest + extra, shape.films / 10)
    spare = shape.ratings - shape.fewest * shape.people
    found = shape.fewest + (found - shape.fewest) * spare / (found - shape.fewest).sum()
    whole: Integers = np.floor(found).astype(np.int64)
    whole[: shape.ratings - whole.sum()] += 1
    return whole


def write_set(target: Path, shape: Shape | None = None, *, seed: int = 42) -> Path:
    """Write ``<target>.zip`` with ratings, movies, links and tags; a few hundred megabytes of memory."""
    shape = shape or Shape()
    rng = np.random.default_rng(seed)
    folder = target.with_suffix("")
    folder.mkdir(parents=True)
    movie_ids = np.sort(rng.choice(np.arange(1, shape.films * 3 + 1), size=shape.films, replace=False))
    ids = rng.permutation(movie_ids)  # popular films are not the low ids
    _write_ratings(folder / "ratings.csv", shape, ids, rng)
    _write_films(folder, movie_ids)
    _write_tags(folder / "tags.csv", shape, ids, rng)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, f"{folder.name}/{path.name}")
            path.unlink()
    folder.rmdir()
    return target


def _write_ratings(path: Path, shape: Shape, ids: Integers, rng: np.random.Generator) -> None:
    weights = film_weights(shape)
    counts = lengths(shape, rng)
    rng.shuffle(counts)
    schema = pa.schema(
        [("userId", pa.int32()), ("movieId", pa.int32()), ("rating", pa.float64()), ("timestamp", pa.int64())]
    )
    path.write_text("userId,movieId,rating,timestamp\n", encoding="utf-8")
    options = pv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("ab") as sink, pv.CSVWriter(sink, schema, write_options=options) as writer:
        for first in range(0, shape.people, PEOPLE_AT_ONCE):
            wanted = counts[first : first + PEOPLE_AT_ONCE]
            own = weights * rng.lognormal(0, TASTE, len(weights))
            people, ranks = _without_repeats(wanted, own / own.sum(), rng)
            films = ids[ranks]
            order = np.lexsort((films, people))
            people, films = people[order], films[order]
            n = len(people)
            begun = rng.integers(0, SPAN_SECONDS, size=len(wanted))[people]
            writer.write_table(
                pa.table(
                    {
                        "userId": pa.array((people + first + 1).astype(np.int32)),
                        "movieId": pa.array(films.astype(np.int32)),
                        "rating": rng.choice(STARS, p=STAR_SHARES / STAR_SHARES.sum(), size=n),
                        "timestamp": START_SECONDS + begun + rng.integers(0, 86_400, size=n),
                    },
                    schema=schema,
                )
            )


def _without_repeats(wanted: Integers, weights: Floats, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Draw ``wanted[u]`` different films for each person; return people and films' ranks, by person."""
    n_films, cumulative = len(weights), np.cumsum(weights)
    kept = np.zeros(0, dtype=np.int64)
    missing = np.where(wanted <= MANY_FILMS, wanted, 0)
    for _ in range(ROUNDS):
        people = np.repeat(np.arange(len(wanted)), missing + missing // 4 + 2 * (missing > 0))
        ranks = np.minimum(np.searchsorted(cumulative, rng.random(len(people))), n_films - 1)
        drawn = rng.permutation(np.unique(people * n_films + ranks))
        fresh = drawn[~np.isin(drawn, kept, kind="sort")] if len(kept) else drawn
        fresh = fresh[np.argsort(fresh // n_films, kind="stable")]
        owner = fresh // n_films
        place = np.arange(len(fresh)) - np.searchsorted(owner, np.arange(len(wanted)))[owner]
        kept = np.concatenate((kept, fresh[place < missing[owner]]))
        missing = np.where(wanted <= MANY_FILMS, wanted, 0) - np.bincount(kept // n_films, minlength=len(wanted))
    late = np.flatnonzero((missing > 0) | (wanted > MANY_FILMS))
    kept = kept[~np.isin(kept // n_films, late)]
    parts = [kept] + [u * n_films + _top(int(wanted[u]), weights, rng) for u in late]
    pairs = np.concatenate(parts)
    return pairs // n_films, pairs % n_films


def _top(n: int, weights: Floats, rng: np.random.Generator) -> Integers:
    """Draw n films at once by exponential keys (Efraimidis and Spirakis, 2006)."""
    found: Integers = np.argpartition(rng.exponential(size=len(weights)) / weights, n)[:n]
    return found


def _write_films(folder: Path, movie_ids: Integers) -> None:
    with (
        (folder / "movies.csv").open("w", encoding="utf-8", newline="") as films,
        (folder / "links.csv").open("w", encoding="utf-8", newline="") as links,
    ):
        films.write("movieId,title,genres\n")
        links.write("movieId,imdbId,tmdbId\n")
        for place, movie in enumerate(movie_ids.tolist()):
            title = f'"Night of {movie}, The ({1920 + place % 100})"' if place % 4 == 0 else f"Day {movie} (1999)"
            films.write(f"{movie},{title},Drama|Comedy\n")
            links.write(f"{movie},{movie:07d},{'' if place % 700 == 0 else movie + 10}\n")


def _write_tags(path: Path, shape: Shape, ids: Integers, rng: np.random.Generator) -> None:
    n = shape.tags
    words = pa.array([f'slow, "quiet" {i}' if i % 50 == 0 else f"word {i}" for i in range(5_000)])
    people = np.sort(rng.integers(1, shape.people + 1, size=n)).astype(np.int32)
    table = pa.table(
        {
            "userId": people,
            "movieId": ids[(rng.random(n) ** 3 * shape.films).astype(np.int64)].astype(np.int32),
            "tag": words.take(pa.array(rng.integers(0, len(words), size=n))),
            "timestamp": START_SECONDS + rng.integers(0, SPAN_SECONDS, size=n),
        }
    )
    path.write_text("userId,movieId,tag,timestamp\n", encoding="utf-8")
    with path.open("ab") as sink:
        pv.write_csv(table, sink, pv.WriteOptions(include_header=False))
