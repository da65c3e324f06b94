"""A decision's record: the same row in the promotion ledger, in MLflow, in a run's report and on the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pipelines.choice.promotion import Comparison
from warehouse import ledgers
from warehouse.folder import DataFolder

COMPARED = {
    "nDCG@10": ("challenger_ndcg", "champion_ndcg"),
    "nDCG@10 of people with at most five ratings": ("challenger_short", "champion_short"),
    "share of the films listed": ("challenger_coverage", "champion_coverage"),
    "share of lists that are full": ("challenger_full", "champion_full"),
    "share of places that ten films take": ("challenger_exposure", "champion_exposure"),
}
"""What stands side by side in a report: the challenger's column and the champion's."""


def numbers_of(numbers: Comparison) -> dict[str, Any]:
    """Return a comparison as columns of the promotion ledger; a number that could not be measured is None."""
    row = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(numbers).items()
    }
    return {"case_name": row.pop("case"), **row}


def no_numbers() -> dict[str, Any]:
    """Return the columns of a comparison where nothing was compared."""
    return numbers_of(Comparison("unchanged", "", ""))


def record_decision(folder: DataFolder, run_id: str, row: dict[str, Any]) -> bool:
    """Write a decision into the ledger; once, however often it is asked: return whether it is new."""
    row = {name: value for name, value in row.items() if name not in ("recorded_at", "run_id")}
    newest = next(iter(ledgers.read(folder, "promotion")), {})
    if {**newest, **row} == newest and newest["run_id"] == run_id:
        return False
    ledgers.append(folder, "promotion", run_id, [row])
    return True


def decision_of(folder: DataFolder, run_id: str) -> dict[str, Any] | None:
    """Return the row of the newest decision about a run; None where nothing was compared."""
    return next((row for row in ledgers.read(folder, "promotion") if row["run_id"] == run_id), None)


def table_of(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a decision's numbers for people: what was measured, the challenger's value, the champion's."""
    challenger, champion = f"challenger {row['challenger']}", f"champion {row['champion']}"
    lines = [
        {"measured": label, challenger: _shown(row[ours]), champion: _shown(row[theirs])}
        for label, (ours, theirs) in COMPARED.items()
        if row[ours] is not None or row[theirs] is not None
    ]
    if row["difference"] is not None:
        interval = f"{_shown(row['low'], sign=True)} to {_shown(row['high'], sign=True)}, {row['n']:,} people"
        lines.insert(1, {"measured": "difference, person by person", challenger: _shown(row["difference"], sign=True),
                         champion: interval})  # fmt: skip
    if row["overlap"] is not None:
        lines.append({"measured": "share of ten films in common", challenger: _shown(row["overlap"]), champion: ""})
    return lines


def _shown(value: float | None, *, sign: bool = False) -> str:
    """Return a number as it is stored, to six digits: enough to find it again in any of the records."""
    return "not measured" if value is None else f"{value:{'+' if sign else ''}.6g}"
