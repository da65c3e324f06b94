"""Enrich: what TMDB knows of the films, kept in a ledger so that nothing is asked twice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from pipelines.films.enrichment import FieldCoverage, coverage, oldest_kept
from pipelines.jobs.active import active_set
from pipelines.jobs.enrich_run import Answers, Order, ask_tmdb, record_run
from pipelines.jobs.enrich_words import describe, without_tmdb
from pipelines.settings import Settings
from pipelines.settings_sections import LimitSettings, TmdbSettings
from pipelines.sources.http import run_async
from pipelines.sources.tmdb.client import TmdbClient
from pipelines.sources.tmdb.key import TmdbKey, find_key
from pipelines.sources.tmdb.records import FIELDS
from warehouse import ledgers
from warehouse.enrichment import EnrichmentLedger, last_popular
from warehouse.enrichment_films import covered_films, wanted_films
from warehouse.folder import DataFolder
from warehouse.lock import writing

log = logging.getLogger(__name__)

POPULAR = 250
"""TMDB's most popular films that join the catalogue, unless a run asks for another number."""
STATUSES = ("found", "missing", "remapped", "failed")

Connect = Callable[[TmdbSettings, TmdbKey, LimitSettings], TmdbClient]


@dataclass(frozen=True)
class Enriched:
    """What enrichment did.

    Attributes
    ----------
    skipped : bool
        Whether TMDB was not asked at all.
    note : str
        The run in words, one line.
    found, missing, remapped, failed : int
        Films that were asked, by what came of them.
    kept, left_over, requests : int
        Films known from before, films the run did not come to, requests made.
    films, covered, popular : int
        Films of the data set with a TMDB id, those of which there are facts now, and popular films besides.
    problems : tuple of str
        Values coerced or dropped: ``runtime: no number (dropped): 3``, the most frequent first.
    coverage : tuple of FieldCoverage
        A row a field, for the coverage table; empty where no film needs TMDB.
    warning : str or None
        What went wrong without ending the run.
    """

    skipped: bool
    note: str
    found: int = 0
    missing: int = 0
    remapped: int = 0
    failed: int = 0
    kept: int = 0
    left_over: int = 0
    requests: int = 0
    films: int = 0
    covered: int = 0
    popular: int = 0
    problems: tuple[str, ...] = ()
    coverage: tuple[FieldCoverage, ...] = ()
    warning: str | None = None


def enrich(
    settings: Settings,
    run_id: str,
    *,
    wanted: bool = True,
    popular: int = POPULAR,
    now: datetime | None = None,
    connect: Connect = TmdbClient,
) -> Enriched:
    """Fetch what is not known yet, and put the facts of the active films where the build finds them.

    Without a key, or without ``wanted``, TMDB is not asked and what earlier runs fetched is used. When TMDB is down
    the run goes on with that too, and a warning. The sample's films bring their own facts.

    Parameters
    ----------
    popular : int
        How many of TMDB's most popular films to add to the films that people rated.
    now : datetime, optional
        Start of the run; tests move it.
    connect : callable, optional
        Makes the client; tests pass their own.

    Raises
    ------
    ConfigError
        If TMDB refuses the key; nothing has changed then.
    EmptyLakeError
        If nothing has been ingested.
    """
    folder, moment = settings.folder, now or datetime.now(UTC)
    active = active_set(folder)
    with writing(folder):
        films = wanted_films(folder, active.batch, active.id_space)
        order = Order(run_id, films, popular if active.source == "movielens" else 0, moment)
        ledger = EnrichmentLedger(folder, oldest_kept(moment))
        key = find_key(settings) if wanted and (films or order.popular) else None
        answers = Answers()
        if key is not None:
            client = connect(settings.tmdb, key, settings.limits)
            answers = run_async(ask_tmdb(client, folder, ledger, order, settings.tmdb))
        ledger.compact()
        listed = last_popular(folder) if answers.popular is None else answers.popular
        ledger.write_dataset((film.movie_id for film in films), listed[: order.popular])
        result = _result(folder, order, answers, asked=key is not None, wanted=wanted)
        _record(folder, run_id, result)
    level = logging.WARNING if result.warning else logging.INFO
    log.log(level, "enrich done skipped=%s requests=%d note=%r", result.skipped, result.requests, result.note)
    return result


def _result(folder: DataFolder, order: Order, answers: Answers, *, asked: bool, wanted: bool) -> Enriched:
    rows = covered_films(folder, FIELDS)
    facts = {movie_id: row for row in rows for movie_id in (row["movie_id"], *row["former_ids"])}
    ratings = {film.movie_id: film.ratings for film in order.films}
    films, covered = len(ratings), len(ratings.keys() & facts.keys())
    own = {movie_id for row in rows for movie_id in (row["movie_id"], *row["former_ids"]) if movie_id in ratings}
    popular = sum(own.isdisjoint((row["movie_id"], *row["former_ids"])) for row in rows)
    counts = {status: answers.statuses[status] for status in STATUSES}
    if not films and not order.popular:
        note = "the films bring their own facts"
    elif not asked:
        note = without_tmdb(wanted=wanted, films=films, covered=covered)
    else:
        note = describe(
            films=films, covered=covered, popular=popular, counts=counts, kept=answers.kept,
            left_over=answers.left_over, warnings=answers.warnings,
        )  # fmt: skip
    return Enriched(
        skipped=not asked,
        note=note,
        **counts,
        kept=answers.kept,
        left_over=answers.left_over,
        requests=answers.requests,
        films=films,
        covered=covered,
        popular=popular,
        problems=tuple(f"{name}: {count:,}" for name, count in answers.problems.most_common()),
        coverage=tuple(coverage(ratings, facts, FIELDS)) if films else (),
        warning="; ".join(answers.warnings) or None,
    )


def _record(folder: DataFolder, run_id: str, result: Enriched) -> None:
    ledgers.append(folder, "enrichment_coverage", run_id, [asdict(row) for row in result.coverage])
    if not result.skipped:
        counts = {name: getattr(result, name) for name in (*STATUSES, "kept", "left_over", "requests")}
        record_run(folder, run_id, "done", result.note, **counts, problems=list(result.problems))
