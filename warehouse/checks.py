"""Quality checks: SQL files that return offending rows, each with its severity and its reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warehouse.build import read_sql
from warehouse.db import Connection, connect
from warehouse.errors import ContractError, QualityError

SEVERITIES = ("error", "warn")
PERSON = "user_id"
"""The column of a check that is left out of its example, as that is kept in ledgers, releases and logs."""


@dataclass(frozen=True)
class Finding:
    """What one check found; no rows is good.

    Attributes
    ----------
    example : str or None
        One offending row as JSON, without whose it is; None where nothing is left of it.
    """

    check_name: str
    severity: str
    why: str
    rows_found: int
    example: str | None

    @property
    def ok(self) -> bool:
        """Whether no row offends."""
        return self.rows_found == 0


def run_checks(warehouse: Path, *, max_drop_share: float = 0.5) -> list[Finding]:
    """Run every file of ``warehouse/sql/checks`` against a built warehouse, by name.

    Parameters
    ----------
    warehouse : Path
        The DuckDB file.
    max_drop_share : float
        Share of a source's rows that may be gone since the last build that passed, 0 to 1.
    """
    with connect(warehouse, read_only=True) as con:
        con.execute("SET VARIABLE built_at = ?::TIMESTAMPTZ", [datetime.now(UTC)])
        con.execute("SET VARIABLE max_drop_share = ?", [max_drop_share])
        return check_all(con, "checks")


def check_all(con: Connection, folder: str) -> list[Finding]:
    """Run every file of one folder of ``warehouse/sql`` on an open connection, by name."""
    return [_run(con, file.name, file.header, file.query) for file in read_sql(folder)]


def stop_on_errors(findings: list[Finding]) -> None:
    """Raise for the first finding of severity ``error``.

    Raises
    ------
    QualityError
        With the check's name, reason, number of rows and one of them.
    """
    for finding in findings:
        if finding.severity == "error" and not finding.ok:
            rows = f"{finding.rows_found:,} {'row' if finding.rows_found == 1 else 'rows'}"
            example = f", for example {finding.example}" if finding.example else ""
            raise QualityError(
                f"check {finding.check_name}: {rows}{example}; {finding.why}; "
                "nothing was changed: the data built before and the last release stay"
            )


def _run(con: Connection, name: str, header: dict[str, str], query: str) -> Finding:
    severity = header.get("severity", "")
    if severity not in SEVERITIES:
        raise ContractError(f"checks/{name}.sql: severity is {severity!r}; it must be error or warn")
    table = con.sql(query).to_arrow_table()
    row: dict[str, Any] = next(iter(table.slice(0, 1).to_pylist()), {})
    row.pop(PERSON, None)
    example = json.dumps(row, default=str) if row else None
    return Finding(name, severity, header.get("why", ""), table.num_rows, example)
