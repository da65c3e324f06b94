"""Match: the films of a set without links to TMDB ids, by another set's links and then by TMDB's search."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.films.matching import Candidate, Match, Matcher, Pairing, TitledFilm, match_all, without_rivals
from pipelines.films.overrides import read_overrides
from pipelines.films.titles import aliases
from pipelines.jobs.active import Active, active_set
from pipelines.progress import step
from pipelines.settings import Settings
from pipelines.sources.movielens.landing import LINKS, land_links
from warehouse import ledgers
from warehouse.batches import check_batches
from warehouse.builds import known_mapping
from warehouse.changes import batch_folders
from warehouse.errors import SourceError
from warehouse.folder import DataFolder
from warehouse.lock import writing
from warehouse.sums import rewriting

log = logging.getLogger(__name__)

TitleSearch = Callable[[str, int | None], Sequence[Mapping[str, Any]]]
"""Called with a title and a year, gives films with movie_id, title, original_title and year."""

SEARCH_AGAIN = timedelta(days=30)
"""After this a title that TMDB's search did not find is asked for again."""

MAPPING = pa.schema(
    [
        ("id_space", pa.string()),
        ("movielens_id", pa.int32()),
        ("movie_id", pa.int32()),
        ("imdb_id", pa.string()),
        ("method", pa.string()),
        ("matched_at", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True)
class Matched:
    """Which films of the active set have a TMDB id.

    Attributes
    ----------
    needed : bool
        False when the set has a links file of its own; nothing else is filled in then.
    films, matched : int
        Films of the set, and those with a TMDB id, by whichever run.
    ratings, ratings_matched : int
        The same, each film counted by its ratings.
    fresh : dict of str to int
        Films matched by this run, by method.
    unmatched : tuple of str
        Titles without a TMDB id.
    ambiguous : dict of str to tuple of int
        Titles that several TMDB films answer to; they are unmatched too.
    """

    needed: bool
    films: int = 0
    matched: int = 0
    ratings: int = 0
    ratings_matched: int = 0
    fresh: dict[str, int] | None = None
    unmatched: tuple[str, ...] = ()
    ambiguous: dict[str, tuple[int, ...]] | None = None


def match(settings: Settings, run_id: str, *, links: Path | None = None, search: TitleSearch | None = None) -> Matched:
    """Match what has no TMDB id yet; a row of the mapping that is there already is never changed.

    Parameters
    ----------
    links : Path, optional
        A MovieLens set with links and titles; without it, those that were given before.
    search : callable, optional
        TMDB's search, for what the links do not tell.

    Raises
    ------
    SourceError
        If ``links`` cannot be read or has no links file.
    """
    folder = settings.folder
    active = active_set(folder)
    with writing(folder):
        if links is not None:
            batch = land_links(links, folder, max_bad_share=settings.quality.max_bad_share, limits=settings.limits)
            row = {
                "source": LINKS,
                "dataset": batch.dataset,
                "batch_id": batch.batch_id,
                "ratings": 0,
                "new": batch.new,
            }
            ledgers.append(
                folder, "ingest", run_id,
                [{**row, "films": batch.films, "bad_rows": batch.bad_rows, "reasons": []}],
            )  # fmt: skip
        if active.source != "movielens" or (active.batch / "links.parquet").exists():
            return Matched(False)
        films = pq.read_table(active.batch / "films.parquet").to_pylist()
        mapping = _read_mapping(folder)
        by_hand = {
            row["movielens_id"] for row in read_overrides(folder).to_pylist() if row["id_space"] == active.id_space
        }
        known = {row["movielens_id"] for row in mapping if row["id_space"] == active.id_space} | by_hand
        waiting = [
            TitledFilm(film["movielens_id"], film["title"], film["year"])
            for film in films
            if film["movielens_id"] not in known
        ]
        rows, ambiguous = _match_films(folder, run_id, active, films, waiting, mapping, search)
        _write_mapping(folder, mapping + rows)
    return _report(active, films, known, rows, ambiguous)


def _match_films(
    folder: DataFolder,
    run_id: str,
    active: Active,
    films: list[dict[str, Any]],
    waiting: list[TitledFilm],
    mapping: list[dict[str, Any]],
    search: TitleSearch | None,
) -> tuple[list[dict[str, Any]], dict[int, tuple[int, ...]]]:
    """Match by number where the numbering is shared, then by title, then by search."""
    by_number, candidates = _linked_films(folder)
    now = datetime.now(UTC)
    rows: list[dict[str, Any]] = []

    def add(film_id: int, candidate: Candidate, method: str) -> None:
        values = (active.id_space, film_id, candidate.tmdb_id, candidate.imdb_id, method, now)
        rows.append(dict(zip(MAPPING.names, values, strict=True)))

    if active.id_space == "movielens":
        for film in waiting:
            if film.film_id in by_number:
                add(film.film_id, by_number[film.film_id], "links")
    done = {row["movielens_id"] for row in rows}
    waiting = [film for film in waiting if film.film_id not in done]
    titles = {film["movielens_id"]: film["title"] for film in films}
    holders = {
        row["movie_id"]: titles[row["movielens_id"]]
        for row in (*mapping, *rows)
        if row["id_space"] == active.id_space and row["movielens_id"] in titles
    }
    pairing = match_all(waiting, Matcher(candidates), holders)
    for film_id, match in pairing.matched.items():
        add(film_id, match.candidate, match.method)
    ambiguous = dict(pairing.ambiguous)
    if search is not None:
        tried = _tried_lately(folder, active)
        left = [film for film in waiting if film.film_id in set(pairing.unmatched) - tried]
        holders |= {m.candidate.tmdb_id: titles[film_id] for film_id, m in pairing.matched.items()}
        searched = search_films(left, search, holders)
        missing = [{"id_space": active.id_space, "movielens_id": film_id} for film_id in searched.unmatched]
        ledgers.append(folder, "searches", run_id, missing)
        for film_id, match in searched.matched.items():
            add(film_id, match.candidate, f"tmdb {match.method}")
        ambiguous |= searched.ambiguous
    return rows, ambiguous


def search_films(films: Sequence[TitledFilm], search: TitleSearch, holders: Mapping[int, str]) -> Pairing:
    """Ask for each film by its names, in its year and the years beside it; only whole titles count.

    When TMDB does not answer, the films that it was not asked for are in no part of the pairing.

    Parameters
    ----------
    holders : mapping of int to str
        TMDB ids that other films of the set have, and what those are called.
    """
    found: dict[int, Match | tuple[int, ...]] = {}
    for number, film in enumerate(films):
        step("search TMDB for titles", number, len(films))
        try:
            found[film.film_id] = _search_one(film, search)
        except SourceError as error:
            log.warning("match goes on without TMDB's search after titles=%d of=%d: %s", number, len(films), error)
            break
    return without_rivals(films, found, holders)


def _tried_lately(folder: DataFolder, active: Active) -> set[int]:
    """Return the films that TMDB's search did not find in the last weeks."""
    since = datetime.now(UTC) - SEARCH_AGAIN
    return {
        row["movielens_id"]
        for row in ledgers.read(folder, "searches")
        if row["id_space"] == active.id_space and row["recorded_at"] >= since
    }


def _search_one(film: TitledFilm, search: TitleSearch) -> Match | tuple[int, ...]:
    if film.year is None:
        return ()
    for year in (film.year, film.year + 1, film.year - 1):
        found: Match | tuple[int, ...] = ()
        for name in aliases(film.title):
            candidates = [_candidate(row) for row in search(name, year)]
            found = Matcher(candidates).match(film, sure_only=True)
            if found:
                return found
    return ()


def _candidate(row: Mapping[str, Any]) -> Candidate:
    titles = tuple(dict.fromkeys(title for title in (row["title"], row["original_title"]) if title))
    return Candidate(row["movie_id"], titles, row["year"])


def _linked_films(folder: DataFolder) -> tuple[dict[int, Candidate], list[Candidate]]:
    """Return the films of every set with links that has landed, by MovieLens number and as candidates."""
    by_number: dict[int, Candidate] = {}
    homes = [*batch_folders(folder.batches(LINKS)), *batch_folders(folder.batches("movielens"))]
    for home in homes:
        if not (home / "links.parquet").exists():
            continue
        check_batches([home], f"delete {home}, or give its set again with --links")
        links = {row["movielens_id"]: row for row in pq.read_table(home / "links.parquet").to_pylist()}
        for film in pq.read_table(home / "films.parquet").to_pylist():
            link = links.get(film["movielens_id"])
            if link is None or link["tmdb_id"] is None or film["movielens_id"] in by_number:
                continue
            imdb = None if link["imdb_number"] is None else f"tt{link['imdb_number']:07d}"
            candidate = Candidate(link["tmdb_id"], (film["title"],), film["year"], imdb)
            by_number[film["movielens_id"]] = candidate
    return by_number, list(by_number.values())


def _read_mapping(folder: DataFolder) -> list[dict[str, Any]]:
    path = known_mapping(folder)
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist() if path is not None else []
    return rows


def _write_mapping(folder: DataFolder, rows: Iterable[dict[str, Any]]) -> None:
    with rewriting(folder.dataset("tmdb_mapping")) as target:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=MAPPING), target, compression="zstd")


def _report(
    active: Active,
    films: list[dict[str, Any]],
    known: set[int],
    rows: list[dict[str, Any]],
    ambiguous: dict[int, tuple[int, ...]],
) -> Matched:
    have = known | {row["movielens_id"] for row in rows}
    titles = {film["movielens_id"]: f"{film['title']} ({film['year']})" for film in films}
    rated = Counter(
        pq.read_table(active.batch / "ratings.parquet", columns=["movielens_id"])["movielens_id"].to_pylist()
    )
    result = Matched(
        True, len(films), sum(film in have for film in titles), rated.total(), sum(rated[film] for film in have),
        dict(Counter(row["method"] for row in rows)),
        tuple(title for film, title in titles.items() if film not in have),
        {titles[film]: ids for film, ids in ambiguous.items()},
    )  # fmt: skip
    log.info(
        "match done dataset=%s films=%d matched=%d unmatched=%d ambiguous=%d ratings=%d ratings_matched=%d fresh=%s",
        active.dataset, result.films, result.matched, len(result.unmatched), len(ambiguous), result.ratings,
        result.ratings_matched, result.fresh,
    )  # fmt: skip
    return result
