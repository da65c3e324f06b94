"""Build: the warehouse from the lake, then the quality checks that may stop the run."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass

from pipelines.jobs.active import active_set
from pipelines.settings import Settings
from warehouse import ledgers
from warehouse.build import build_warehouse
from warehouse.checks import Finding, run_checks, stop_on_errors
from warehouse.errors import SourceError
from warehouse.files import remove_leftovers
from warehouse.lock import writing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Built:
    """Rows of every table, and what the checks found."""

    counts: dict[str, int]
    findings: list[Finding]


def build(settings: Settings, run_id: str) -> Built:
    """Rebuild the warehouse and the lake's data sets from the active batch and check them.

    Raises
    ------
    QualityError
        If a check of severity ``error`` finds rows; the ledger has all findings then too.
    SourceError
        If the active set names no TMDB film at all.
    """
    folder = settings.folder
    active = active_set(folder)
    with writing(folder):
        remove_leftovers(folder.root)
        if active.source == "movielens" and not (active.batch / "links.parquet").exists():
            raise SourceError(
                f"{active.dataset} has no links.csv, so its films cannot be matched to TMDB ids; "
                "use a set that has one, such as ml-latest-small"
            )
        counts = build_warehouse(folder, {active.source: active.batch}, id_space=active.id_space)
        findings = run_checks(folder)
        rows = [asdict(finding) for finding in findings]
        ledgers.append(folder, "quality", run_id, rows)
    failed = sum(not finding.ok for finding in findings)
    people, films = counts["mart_user_profiles"], counts["dim_movies"]
    ratings = counts["fct_interactions"]
    log.info("build done users=%d movies=%d ratings=%d checks=%d failed=%d", people, films, ratings, len(rows), failed)
    stop_on_errors(findings)
    return Built(counts, findings)
