"""Append-only logs as small Parquet files: readable at any time, whole after any crash, ordered by their numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from warehouse.contracts.ledgers import LEDGERS
from warehouse.db import scratch
from warehouse.errors import DamagedFileError
from warehouse.folder import DataFolder
from warehouse.parts import add_part, read_parts, rows_of, set_aside, sound_files

Row = dict[str, Any]


def append(folder: DataFolder, name: str, run_id: str, rows: list[Row]) -> None:
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
    marks = "(" + ", ".join("?" for _ in contract.columns) + ")"
    with scratch() as con:
        con.execute(contract.create_sql)
        for row in values:
            con.execute(f'INSERT INTO "{name}" VALUES {marks}', row)
        add_part(folder.ledgers / name, con.sql(f'SELECT * FROM "{name}"').to_arrow_table())


def read(folder: DataFolder, name: str, *, newest_first: bool = True) -> list[Row]:
    """Return all rows of a ledger as dictionaries; empty when nothing was written yet.

    Newest is what was written last, whatever the clock said then; a damaged file is passed over with a warning.
    """
    rows = [row for _, row in _numbered(folder, name)]
    return rows if newest_first else rows[::-1]


def newest(folder: DataFolder, name: str, wanted: Callable[[Row], bool], remedy: str) -> Row | None:
    """Return the newest row that is wanted, or None: for what must not go by an older one without a word.

    Raises
    ------
    DamagedFileError
        If a file that was written after it is damaged; ``remedy`` ends the message.
    """
    number, row = next(((part, row) for part, row in _numbered(folder, name) if wanted(row)), (0, None))
    for part in read_parts(folder.ledgers / name):
        if not part.sound and part.number > number:
            raise DamagedFileError(f"{part.path} is damaged, and it is newer than what else is known; {remedy}")
    return row


def mend(folder: DataFolder, name: str) -> None:
    """Move a ledger's damaged files to ``quarantine/ledgers/``; call it when the ledger has a newer row again."""
    set_aside(folder.ledgers / name, folder.quarantine / "ledgers" / name)


def _numbered(folder: DataFolder, name: str) -> list[tuple[int, Row]]:
    """Return each row with the number of its file, newest first; rows of one file in their order."""
    files = sound_files(folder.ledgers / name)
    if not files:
        return []
    contract = LEDGERS[name]
    names = [column.name for column in contract.columns]
    # rows of a version that knew less of a decision are no rows of this ledger
    whole = " AND ".join(f'"{column.name}" IS NOT NULL' for column in contract.columns if not column.nullable)
    with scratch() as con:
        con.execute(contract.create_sql)
        known = f'SELECT *, 0 AS part, 0 AS place FROM "{name}" UNION ALL BY NAME FROM {rows_of(files)}'
        query = f"SELECT part, {contract.column_list} FROM ({known}) WHERE {whole} ORDER BY part DESC, place"
        return [(row[0], dict(zip(names, row[1:], strict=True))) for row in con.execute(query).fetchall()]
