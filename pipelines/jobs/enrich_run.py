"""One run against TMDB: the key tried, popular films and changes listed, then the films that are due."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.films.enrichment import Ages, change_spans, changes_since, plan
from pipelines.jobs.enrich_asking import Asking
from pipelines.settings_sections import TmdbSettings
from pipelines.sources.tmdb.client import TmdbClient
from warehouse import ledgers
from warehouse.enrichment import EnrichmentLedger, set_aside
from warehouse.enrichment_films import WantedFilm
from warehouse.errors import SourceUnavailableError
from warehouse.folder import DataFolder

log = logging.getLogger(__name__)

RUNS = "enrichment_runs"


@dataclass(frozen=True)
class Order:
    """What a run is to do.

    Attributes
    ----------
    films : list of WantedFilm
        Films of the active data set, the most rated first.
    popular : int
        How many of TMDB's most popular films are wanted besides.
    now : datetime
        Start of the run.
    """

    run_id: str
    films: list[WantedFilm]
    popular: int
    now: datetime


@dataclass
class Answers:
    """What asking TMDB came to.

    Attributes
    ----------
    statuses, problems : Counter of str
        Films by what came of them; values coerced or dropped, by field and reason.
    popular : list of int or None
        TMDB's most popular films; None when the list could not be had.
    kept, left_over, requests : int
        Films known from before, films not come to, requests made.
    warnings : list of str
        What went wrong, in words.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    popular: list[int] | None = None
    kept: int = 0
    left_over: int = 0
    requests: int = 0
    warnings: list[str] = field(default_factory=list)


async def ask_tmdb(
    client: TmdbClient, folder: DataFolder, ledger: EnrichmentLedger, order: Order, settings: TmdbSettings
) -> Answers:
    """Bring the ledger up to date; a TMDB that is down ends this with a warning, never with an error.

    Raises
    ------
    ConfigError
        If the key is refused; when that is so from the start, nothing has been written.
    """
    answers = Answers()
    async with client:
        try:
            await client.check()
            await _ask(client, folder, ledger, order, settings, answers)
        except SourceUnavailableError as error:
            answers.warnings.append(f"{error}; the facts of earlier runs are used")
            if not answers.statuses and not answers.left_over:
                _leave_all(ledger, order, settings, answers)
        answers.requests = client.requests
    return answers


async def _ask(
    client: TmdbClient,
    folder: DataFolder,
    ledger: EnrichmentLedger,
    order: Order,
    settings: TmdbSettings,
    answers: Answers,
) -> None:
    ages = Ages(settings.max_age_days, settings.missing_days)
    await _list_popular(client, order, answers)
    until = await _read_changes(client, folder, ledger, order, ages, answers)
    record_run(folder, order.run_id, "started", "", changes_until=until)
    known = ledger.known()
    films = [film.movie_id for film in order.films] + (answers.popular or [])
    chosen = plan(films, known, ages, order.now)
    answers.kept = chosen.kept
    asking = Asking(
        client, ledger, run_id=order.run_id, now=order.now, ages=ages, known=known,
        imdb_ids={film.movie_id: film.imdb_id for film in order.films if film.imdb_id},
    )  # fmt: skip
    try:
        await asking.run(chosen.due, in_flight=settings.in_flight, flush_seconds=settings.flush_seconds)
    finally:
        tally = asking.tally
        answers.statuses, answers.problems = tally.statuses, tally.problems
        answers.left_over = len(chosen.due) - tally.asked
        set_aside(folder, order.run_id, tally.aside)


def _leave_all(ledger: EnrichmentLedger, order: Order, settings: TmdbSettings, answers: Answers) -> None:
    """Count what the run would have asked, had TMDB been there."""
    ages = Ages(settings.max_age_days, settings.missing_days)
    chosen = plan([film.movie_id for film in order.films], ledger.known(), ages, order.now)
    answers.kept, answers.left_over = chosen.kept, len(chosen.due)


async def _list_popular(client: TmdbClient, order: Order, answers: Answers) -> None:
    try:
        answers.popular = await client.popular(order.popular)
    except SourceUnavailableError as error:
        answers.warnings.append(f"popular films: {error}")


async def _read_changes(
    client: TmdbClient, folder: DataFolder, ledger: EnrichmentLedger, order: Order, ages: Ages, answers: Answers
) -> datetime | None:
    """Announce to the ledger what changed since the last run; return until when the list is read now."""
    earlier = ledgers.read(folder, RUNS)
    read_until = [row["changes_until"] for row in earlier if row["changes_until"] is not None]
    known = ledger.known()
    since = changes_since(
        known.values(), ages, order.now,
        read_until=max(read_until, default=None),
        last_ended=bool(earlier) and earlier[0]["event"] == "done",
    )  # fmt: skip
    if since is None:
        all_due = all(ages.is_due(film, order.now) or film.fetched_at is None for film in known.values())
        return order.now if all_due else None
    changed: set[int] = set()
    try:
        for first, last in change_spans(since.date(), order.now.date()):
            changed |= await client.changes(first, last)
    except SourceUnavailableError as error:
        answers.warnings.append(f"changed films: {error}")
        return None
    named = {i for i, film in known.items() if film.fetched_at is not None and i in changed}
    ledger.announce_changes(named, order.run_id, order.now)
    log.info("enrich changes since=%s named=%d known=%d", since.date(), len(changed), len(named))
    return order.now


def record_run(
    folder: DataFolder, run_id: str, event: str, note: str, *, changes_until: datetime | None = None, **counts: Any
) -> None:
    """Add a row to the ledger of runs; counts that are not given are 0."""
    zeros: dict[str, Any] = dict.fromkeys(
        ("found", "missing", "remapped", "failed", "kept", "left_over", "requests"), 0
    )
    row = {"event": event, "changes_until": changes_until, **zeros, "problems": [], "note": note, **counts}
    ledgers.append(folder, RUNS, run_id, [row])
