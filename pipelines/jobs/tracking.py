"""What the jobs tell MLflow: of which data, which figures first, and what happened in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipelines.jobs.promotion_record import table_of
from pipelines.jobs.release_record import git_revision
from pipelines.models.popularity import PopularityModel
from pipelines.registry import figures
from pipelines.runs import who_runs
from pipelines.settings import Settings
from warehouse import ledgers
from warehouse.folder import DataFolder

Row = Mapping[str, Any]
Rows = Sequence[Row]

HEADLINES = (("ndcg", True), ("recall", False), ("coverage", False))
"""Metrics that stand first, and whether with their interval."""
SHOWN_PROTOCOL = "last-out"
"""A second protocol whose recall stands first too."""
LENGTHS = {"history:0-5": 0, "history:6-20": 6, "history:21-100": 21, "history:101+": 101}
"""Steps of a curve over history lengths: the fewest ratings of each segment."""
FAME = {"film:cold": 0, "film:tail": 1, "film:popular": 2}
"""Steps of a curve over films, from those nobody rated to those everybody did."""


def tags_of(settings: Settings, run_id: str, dataset: str, **more: str) -> dict[str, str]:
    """Return what MLflow's runs are found by: the run, the set, the code, and which command."""
    command = more.get("playbill.stage", "train")
    revision = git_revision()
    return {
        "playbill.run_id": run_id,
        "playbill.dataset": dataset,
        "playbill.data_folder": settings.folder.root.name,
        "mlflow.source.name": f"playbill {command}",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": who_runs(),
        **({"mlflow.source.git.commit": revision} if revision else {}),
        **more,
    }


def headline(rows: Rows, model: str, gate: str) -> dict[str, float]:
    """Return a model's few first figures under MLflow's names: ``next.ndcg_at_10``, ``next.ndcg_at_10.low``."""
    named: dict[str, float] = {}
    wanted = {(gate, metric): interval for metric, interval in HEADLINES} | {(SHOWN_PROTOCOL, "recall"): True}
    for row in rows:
        key = row["protocol"], row["metric"]
        if row["model"] != model or row["segment"] != "all" or key not in wanted or row["value"] is None:
            continue
        name = f"{row['protocol']}.{row['metric']}" + (f"_at_{row['k']}" if row["k"] else "")
        named[name] = row["value"]
        if wanted[key] and row["low"] is not None:
            named[f"{name}.low"], named[f"{name}.high"] = row["low"], row["high"]
    return named


def curves(rows: Rows, model: str) -> dict[str, list[tuple[int, float]]]:
    """Return a model's figures by segment as curves: over history lengths, and over how known the films are."""
    points_of: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        for name, steps in (("by_history_length", LENGTHS), ("by_fame_of_film", FAME)):
            if row["model"] == model and row["segment"] in steps and row["value"] is not None:
                key = f"segments/{row['protocol']}.{row['metric']}_{name}"
                points_of.setdefault(key, []).append((steps[row["segment"]], row["value"]))
    return {key: sorted(points) for key, points in points_of.items()}


def csv_of(rows: Rows) -> str:
    """Return all figures as a table that MLflow's page shows."""
    columns = ("protocol", "model", "metric", "k", "segment", "value", "low", "high", "n")
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def pictures(
    folder: DataFolder, rows: Rows, protocol: str, challenger: str, recipe: Mapping[str, Any]
) -> Callable[[], dict[str, Any]]:
    """Return what draws a training's pictures, so that nothing is drawn where nothing is tracked."""
    decisions = [row for row in ledgers.read(folder, "promotion")[::-1] if row["case_name"] != "unchanged"]
    blend = recipe.get("weights")

    def draw() -> dict[str, Any]:
        drawn = pictures_of(rows, protocol, challenger) | {"champions": figures.champions(decisions)}
        return drawn | ({"weights": figures.weights(blend)} if isinstance(blend, Mapping) and blend else {})

    return draw


def pictures_of(rows: Rows, protocol: str, challenger: str = "") -> dict[str, Any]:
    """Draw models side by side: how accurate, how much of the catalogue they list, how crowded their top is."""
    return {
        "accuracy": figures.accuracy(rows, protocol, challenger),
        "coverage": figures.coverage(rows, protocol, challenger),
        "exposure": figures.exposure(rows, protocol, challenger),
    }


def note_of(row: Mapping[str, Any]) -> str:
    """Return a decision as Markdown: what came of it, and the numbers side by side.

    The first line has no mark-up: MLflow's list of versions shows it as it is.
    """
    lines = [row["reasons"][0], *(f"\n{reason}" for reason in row["reasons"][1:])]
    table = table_of(row)
    if table:
        lines += ["", "| " + " | ".join(table[0]) + " |", "|" + "---|" * len(table[0])]
        lines += ["| " + " | ".join(line.values()) + " |" for line in table]
    return "\n".join(lines)


def served_note(facts: Mapping[str, Any], figures: Rows, won: Row | None, latest: Row | None) -> str:
    """Return the first thing that the page of runs shows: which model is served, how good it is, and against what.

    Parameters
    ----------
    facts : mapping
        The served release's manifest.
    figures : sequence of mappings
        Its ``model_metrics``.
    won, latest : mapping or None
        Rows of the promotion ledger: by which its model came to rank, and the newest about its data set.
    """
    since = f" (arrays of release `{facts['arrays_from']}`)" if facts.get("arrays_from") else ""
    lines = [
        f"**Served: {facts['model']}**, {_quality(figures, facts['model'])}{_against(won)}.",
        "",
        f"Release `{facts['release_id']}`{since}: {facts['dataset']}, {facts['users']:,} people, {facts['ratings']:,} "
        f"ratings until {str(facts['data_watermark'])[:10]}; recipe `{facts['recipe_hash']}`.",
    ]
    if latest is not None and latest != won:
        lines += ["", f"The newest decision: {latest['reasons'][0]}."]
    return "\n".join([
        *lines, "",
        "A training is a run, with a run nested in it for each model; the newest is on top. `gate/…` are the numbers "
        "that the gate compared, the same as in the release's `promotion_log`.",
    ])  # fmt: skip


def _quality(figures: Rows, model: str) -> str:
    """Return how good a model is, beside popularity, which any model has to beat."""
    ndcg = {
        row["model"]: row
        for row in figures
        if (row["protocol"], row["metric"], row["segment"]) == ("next", "ndcg", "all") and row["value"] is not None
    }
    if model not in ndcg:
        return "not measured"
    own, floor = ndcg[model], ndcg.get(PopularityModel.name)
    interval = f" ({own['low']:.4f} to {own['high']:.4f})" if own["low"] is not None else ""
    beside = "" if floor is None or model == PopularityModel.name else f"; popularity has {floor['value']:.4f}"
    return f"nDCG@10 {own['value']:.4f}{interval} on `next`{beside}"


def _against(won: Row | None) -> str:
    """Return what the model was promoted against, and by how much."""
    if won is None or won["difference"] is None:
        return ""
    other = "itself without the newest ratings" if won["case_name"] == "refresh" else str(won["champion"])
    return f"; {won['difference']:+.4f} ({won['low']:+.4f} to {won['high']:+.4f}) against {other}"
