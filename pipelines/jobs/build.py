"""Build: the warehouse from the lake, the quality checks that may stop the run, and only then the swap."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from pipelines.films.overrides import read_overrides
from pipelines.jobs.active import Active, active_set
from pipelines.people.identity import SQL_MACROS
from pipelines.people.suppression import suppressed
from pipelines.settings import Settings
from pipelines.settings_sections import EventSettings
from warehouse import ledgers
from warehouse.batches import check_batches
from warehouse.build import build_warehouse
from warehouse.builds import building, known_mapping
from warehouse.changes import batch_folders
from warehouse.checks import Finding, run_checks, stop_on_errors
from warehouse.db import connect, parquet_files, scratch
from warehouse.errors import SourceError
from warehouse.files import remove_leftovers
from warehouse.folder import DataFolder
from warehouse.lock import writing

log = logging.getLogger(__name__)

APP_SOURCES = ("supabase", "events")
LAND_ANEW = {
    "supabase": "run `playbill ingest --only-app`, which then reads the whole table",
    "events": "run `playbill ingest --only-app`, which takes its log out of the archive again",
}
"""What mends a damaged batch; for data sets it is reading the set again."""


@dataclass(frozen=True)
class Built:
    """Rows of every table, and what the checks found."""

    counts: dict[str, int]
    findings: list[Finding]


def build(settings: Settings, run_id: str) -> Built:
    """Rebuild the warehouse and the data sets from all that has landed, check them, then swap them in as one.

    Raises
    ------
    QualityError
        If a check of severity ``error`` finds rows: what was built before stays; the ledger has all findings.
    SourceError
        If the active set's films have no TMDB ids.
    """
    folder = settings.folder
    active = active_set(folder)
    with writing(folder):
        remove_leftovers(folder.root)
        remove_leftovers(folder.lake)
        for home in (*folder.lake.glob("*/"), folder.quarantine):
            if home != folder.inbox:  # whoever serves writes there, and asks for no lock
                remove_leftovers(home, deep=True)
        _check_mapped(folder, active)
        batches: dict[str, Path | list[Path]] = {active.source: active.batch}
        batches |= {source: batch_folders(folder.batches(source)) for source in APP_SOURCES}
        _check_landed(active, batches)
        with building(folder) as home:
            counts = build_warehouse(
                home, folder, batches, id_space=active.id_space, inputs=_inputs(settings, active), macros=SQL_MACROS
            )
            findings = run_checks(home / "warehouse.duckdb", max_drop_share=settings.quality.max_drop_share)
            ledgers.append(folder, "quality", run_id, [asdict(finding) for finding in findings])
            stop_on_errors(findings)
        _record_sources(folder, run_id, active)
    log.info(
        "build done users=%d movies=%d ratings=%d checks=%d failed=%d",
        counts["mart_user_profiles"], counts["dim_movies"], counts["fct_interactions"], len(findings),
        sum(not finding.ok for finding in findings),
    )  # fmt: skip
    return Built(counts, findings)


def _check_landed(active: Active, batches: dict[str, Path | list[Path]]) -> None:
    for source, homes in batches.items():
        remedy = LAND_ANEW.get(source, f"run `playbill ingest` with {active.dataset} again")
        check_batches([homes] if isinstance(homes, Path) else homes, remedy)


def _check_mapped(folder: DataFolder, active: Active) -> None:
    if active.source != "movielens" or (active.batch / "links.parquet").exists():
        return
    path = known_mapping(folder)
    known = 0
    if path is not None:
        with scratch() as con:
            query = f"SELECT count(*) FROM {parquet_files([path])} WHERE id_space = ?"
            known = con.execute(query, [active.id_space]).fetchall()[0][0]
    if not known and not any(row["id_space"] == active.id_space for row in read_overrides(folder).to_pylist()):
        raise SourceError(
            f"{active.dataset} has no links.csv and none of its films is matched to a TMDB id; give --links a set that "
            "has one, such as ml-latest-small.zip, or set TMDB_READ_TOKEN so that TMDB can be asked"
        )


def _inputs(settings: Settings, active: Active) -> dict[str, pa.Table]:
    """Return the small tables that come from settings, hand-kept files and ledgers."""
    folder = settings.folder
    hashes = pa.array(sorted(suppressed(folder)), type=pa.string())
    last: dict[str, int] = {}
    for row in ledgers.read(folder, "sources"):
        if row["dataset"] == _dataset(row["source"], active):
            last.setdefault(row["source"], row["ratings"])
    sources = pa.array(list(last), type=pa.string())
    return {
        "event_weights": _weights(settings.events),
        "tmdb_overrides": read_overrides(folder),
        "suppressed_people": pa.table({"user_hash": hashes}),
        "last_counts": pa.table({"source": sources, "ratings": pa.array(list(last.values()), type=pa.int32())}),
    }


def _weights(settings: EventSettings) -> pa.Table:
    rules = settings.rules
    return pa.table(
        {
            "event": pa.array(list(rules), type=pa.string()),
            "weight": pa.array([rule.weight for rule in rules.values()], type=pa.float32()),
            "stars": pa.array([rule.stars for rule in rules.values()], type=pa.float32()),
            "opinion": pa.array([rule.opinion for rule in rules.values()], type=pa.bool_()),
        }
    )


def _dataset(source: str, active: Active) -> str:
    """Return the name under which a source's counts are compared: sets of other names are not alike."""
    return source if source in APP_SOURCES else (active.dataset if source == active.source else "")


def _record_sources(folder: DataFolder, run_id: str, active: Active) -> None:
    with connect(folder.warehouse_file, read_only=True) as con:
        counts = con.execute("SELECT source, ratings FROM mart_source_counts ORDER BY source").fetchall()
    rows = [{"source": source, "dataset": _dataset(source, active), "ratings": n} for source, n in counts]
    ledgers.append(folder, "sources", run_id, rows)
