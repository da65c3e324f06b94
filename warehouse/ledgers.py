"""Append-only logs as small Parquet files: readable at any time, whole after any crash."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from warehouse.contracts.ledgers import LEDGERS
from warehouse.db import connect, quoted
from warehouse.files import replacing
from warehouse.folder import DataFolder


def append(folder: DataFolder, name: str, run_id: str, rows: list[dict[str, Any]]) -> None:
    """Add rows to a ledger as one new file; ``recorded_at`` and ``run_id`` are filled in here.

    Parameters
    ----------
    name : str
        A ledger of `warehouse.contracts.ledgers`.
    rows : list of dict
        One value a column of the contract; an empty list writes nothing.
    """
    if not rows:
        return
    contract = LEDGERS[name]
    now = datetime.now(UTC)
    complete = [{"recorded_at": now, "run_id": run_id, **row} for row in rows]
    values = [[row[column.name] for column in contract.columns] for row in complete]
    target = folder.ledgers / name / f"{now:%Y%m%dT%H%M%S.%f}Z-{secrets.token_hex(3)}.parquet"
    marks = "(" + ", ".join("?" for _ in contract.columns) + ")"
    with connect() as con:
        con.execute(contract.create_sql)
        for row in values:
            con.execute(f'INSERT INTO "{name}" VALUES {marks}', row)
        with replacing(target) as temporary:
            con.execute(f'COPY "{name}" TO {quoted(temporary)} (FORMAT parquet)')


def read(folder: DataFolder, name: str, *, newest_first: bool = True) -> list[dict[str, Any]]:
    """Return all rows of a ledger as dictionaries; empty when nothing was written yet."""
    home = folder.ledgers / name
    if not any(home.glob("*.parquet")):
        return []
    columns = LEDGERS[name].column_list
    order = "DESC" if newest_first else "ASC"
    with connect() as con:
        found = con.execute(
            f"SELECT {columns} FROM read_parquet({quoted(home / '*.parquet')}, union_by_name = true) "
            f"ORDER BY recorded_at {order}"
        )
        names = [column.name for column in LEDGERS[name].columns]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
