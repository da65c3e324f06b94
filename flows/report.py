"""What a run did, for people: a Markdown page and a table that Prefect keeps with the run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.main_job import Report
from flows.report_changes import changes, seconds_of, tracked
from pipelines.jobs.champion import rows_of
from pipelines.jobs.handover import Ranking
from pipelines.jobs.match import Matched
from pipelines.jobs.promotion_record import decision_of, table_of
from pipelines.jobs.publish import Published
from pipelines.runs import workbench
from pipelines.settings import Settings
from warehouse.contracts.release import MODEL_METRICS
from warehouse.store import ReleaseStore


def publish_report(settings: Settings, report: Report) -> str:
    """Leave the run's report as artifacts (``run-report``, ``quality-checks``) and return its Markdown."""
    bench = workbench(settings.folder, report.run_id)
    release = ReleaseStore(settings.folder).get(report.published.release_id)
    parts = [changes(settings, release), seconds_of(report.seconds), tracked(settings, release)]
    text = markdown(report, rows_of(release, MODEL_METRICS), Ranking.read(bench).reasons)
    text += "".join("\n" + "\n".join(lines) + "\n" for lines in parts)
    create_markdown_artifact(text, key="run-report", description=f"Run {report.run_id}")
    checks = [
        {"check": f.check_name, "severity": f.severity, "rows": f.rows_found, "example": f.example or ""}
        for f in report.built.findings
    ]
    create_table_artifact(checks, key="quality-checks", description="Offending rows of each check; 0 is good")
    decision = decision_of(settings.folder, report.run_id)
    if decision is not None:
        create_table_artifact(table_of(decision), key="promotion", description=" ".join(decision["reasons"]))
    if report.enriched.coverage:
        coverage = [asdict(row) for row in report.enriched.coverage]
        create_table_artifact(coverage, key="film-coverage", description="How much is known of the films, by field")
    return text


def matched_note(matched: Matched) -> str:
    """Say in a line how many films of a set without links have a TMDB id."""
    share = matched.ratings_matched / max(1, matched.ratings)
    return (
        f"{matched.matched:,} of {matched.films:,} films, {share:.1%} of the ratings; "
        f"{len(matched.unmatched):,} without "
        f"a TMDB id, {len(matched.ambiguous or {}):,} of them ambiguous"
    )


def since(published: Published) -> str:
    """Say of which release the model is, where that is an older one."""
    return f" of release {published.trained_for}" if published.trained_for else ""


def markdown(report: Report, metrics: list[dict[str, Any]], reasons: list[str]) -> str:
    """Write the report of a run."""
    batch, published, counts = report.batch, report.published, report.built.counts
    failed = [f"{f.check_name} ({f.severity}): {f.rows_found:,} rows" for f in report.built.findings if not f.ok]
    lines = [
        f"# Release {published.release_id}",
        "",
        f"Lists for **{published.users:,}** people from **{published.ratings:,}** ratings of "
        f"**{published.movies:,}** films, ranked by **{published.model}**{since(published)}.",
        "",
        "| step | what came of it |",
        "|---|---|",
        f"| ingest | {batch.dataset}: {batch.ratings:,} ratings, {batch.films:,} films, "
        f"{batch.bad_rows:,} rows kept aside{'' if batch.new else '; the same content as before'} |",
        *([f"| app | {report.app.note} |"] if report.app.note else []),
        *([f"| match titles | {matched_note(report.matched)} |"] if report.matched.needed else []),
        f"| enrich | {report.enriched.note} |",
        f"| build | {counts['mart_user_profiles']:,} people, {counts['fct_interactions']:,} ratings |",
        f"| checks | {'; '.join(failed) or 'all pass'} |",
        f"| promote | {'; '.join(reasons)} |",
        "",
        "## How good the lists are",
        "",
        "| protocol | model | metric | value | 95 % interval | people |",
        "|---|---|---|---|---|---|",
    ]
    for row in metrics:
        if row["segment"] == "all" and row["metric"] in ("ndcg", "recall"):
            known = row["value"] is not None and row["low"] is not None
            value = f"{row['value']:.4f} | {row['low']:.4f} to {row['high']:.4f}" if known else "too few people | "
            name = f"{row['metric']}@{row['k']}"
            lines.append(f"| {row['protocol']} | {row['model']} | {name} | {value} | {row['n']:,} |")
    return "\n".join(lines) + "\n"
