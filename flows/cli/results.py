"""What `playbill sql` found, shown at the terminal or written to a file."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import typer
from rich.table import Table

from flows.cli.console import PLAIN_WIDTH, err, out
from flows.cli.printable import PlainConsole, printable
from warehouse.db import Connection
from warehouse.errors import ConfigError
from warehouse.files import replacing
from warehouse.query import Result, run_script, run_script_arrow

FORMATS = ("table", "csv", "json", "parquet")
SHOWN_ROWS = 200


def format_of(form: str | None, output: Path | None) -> str:
    """Return the format: the one that was asked for, or the one of the file's name.

    Raises
    ------
    ConfigError
        If Parquet is to go to a terminal, or a table to a file.
    """
    ending = output.suffix.removeprefix(".").lower() if output is not None else ""
    chosen = form or (ending if ending in FORMATS else "csv" if output is not None else "table")
    if chosen == "parquet" and output is None:
        raise ConfigError("--format parquet is no text; give -o FILE too")
    return chosen


def check_output(output: Path, data_folder: Path) -> None:
    """Refuse a file for results that cannot be, or must not be, written.

    Raises
    ------
    ConfigError
        With what to do.
    """
    whole = output.expanduser().resolve()
    if whole.is_relative_to(data_folder.resolve()):
        raise ConfigError(f"-o {output} is inside the data folder, where nothing may be changed; choose another place")
    if not whole.parent.is_dir():
        raise ConfigError(f"-o {output}: there is no folder {whole.parent}; choose another place or make it")
    if whole.is_dir():
        raise ConfigError(f"-o {output} is a folder; give a file in it, such as {output}/result.csv")


def show(result: Result, form: str) -> None:
    """Print a result."""
    if form == "table":
        _show_table(result)
        return
    text = _Printable(sys.stdout) if sys.stdout.isatty() else sys.stdout
    _write_text(result, form, text)
    sys.stdout.flush()


def write(con: Connection, text: str, form: str, output: Path) -> int:
    """Run statements and write the one result that they have; return its rows. The file appears whole or not at all.

    Raises
    ------
    ConfigError
        If they return nothing, or more than one result.
    """
    with replacing(output.expanduser().resolve()) as temporary:
        if form == "parquet":
            import pyarrow.parquet as pq

            tables = list(run_script_arrow(con, text))
            _one(len(tables))
            pq.write_table(tables[0], temporary, compression="zstd")
            return int(tables[0].num_rows)
        rows = results = 0
        for result in run_script(con, text):
            results += 1
            _one(results)
            with temporary.open("w", encoding="utf-8", newline="") as file:
                rows = _write_text(result, form, file)
        _one(results)
        return rows


def _one(results: int) -> None:
    if results != 1:
        many = "more than one of the statements returns" if results else "none of the statements returns"
        raise ConfigError(f"{many} rows; give -o a text of which one does")


def _write_text(result: Result, form: str, file: Any) -> int:
    """Write a result as CSV, JSON or a plain table; return its rows."""
    rows = 0
    if form == "json":
        file.write("[")
        for chunk in result.chunks:
            for row in chunk:
                record = json.dumps(_named(result.columns, row), default=_json, ensure_ascii=False)
                file.write(f"{',' if rows else ''}\n {record}")
                rows += 1
        file.write("\n]\n")
        return rows
    if form == "table":
        lines = list(_every(result))
        PlainConsole(file=file, width=PLAIN_WIDTH).print(_table(result.columns, lines))
        return len(lines)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(result.columns)
    for chunk in result.chunks:
        writer.writerows([_cell_csv(value) for value in row] for row in chunk)
        rows += len(chunk)
    return rows


def _named(columns: list[str], row: tuple[Any, ...]) -> dict[str, Any]:
    """Return a row as an object; the second column of a name is ``name_1``, as DuckDB itself calls it."""
    named: dict[str, Any] = {}
    for name, value in zip(columns, row, strict=True):
        key, number = name, 0
        while key in named:
            number += 1
            key = f"{name}_{number}"
        named[key] = value
    return named


def _every(result: Result) -> Iterator[tuple[Any, ...]]:
    for chunk in result.chunks:
        yield from chunk


def _show_table(result: Result) -> None:
    rows: list[tuple[Any, ...]] = []
    more = 0
    for chunk in result.chunks:
        wanted = chunk[: SHOWN_ROWS - len(rows)]
        rows += wanted
        more += len(chunk) - len(wanted)
    out.print(_table(result.columns, rows))
    if more:
        err.print(
            f"{len(rows) + more:,} rows, the first {SHOWN_ROWS} shown; --format csv prints all, -o FILE keeps them"
        )


def _table(columns: list[str], rows: list[tuple[Any, ...]]) -> Table:
    table = Table(*columns)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    return _text(value) if isinstance(value, (list, dict)) else str(value)


def _cell_csv(value: Any) -> Any:
    return _text(value) if isinstance(value, (list, dict)) else value


def _text(value: Any) -> str:
    """Return a list or an object within a cell as JSON, which other programs read."""
    return json.dumps(value, default=_json, ensure_ascii=False)


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(value)


class _Printable:
    """A terminal that is shown no character it would obey."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write what is left of the text."""
        typer.echo(printable(text), nl=False, file=self._file)
