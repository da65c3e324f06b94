"""`playbill sql`: questions to the releases and the lake, one or many."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Annotated, Any

import typer
from rich.table import Table

from flows.cli.console import err, out
from flows.cli.options import one_of
from flows.cli.printable import for_output
from pipelines.settings import load_settings
from warehouse.errors import ConfigError
from warehouse.query import Answer, ask, open_releases

FORMATS = ("table", "json", "csv")
SHOWN_ROWS = 200
HELP = "cur: this release, prev: the one before, lake: data sets and logs. Ends with ;  .tables lists, .quit leaves."
TABLES = "SELECT table_catalog, table_schema, table_name FROM information_schema.tables ORDER BY ALL"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("sql")(sql)


def sql(
    statement: Annotated[str | None, typer.Argument(help="One query; without it a prompt opens.")] = None,
    release: Annotated[str | None, typer.Option("--release", help="A release instead of the current one.")] = None,
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = "table",
) -> None:
    """Ask the current release, the one before it and the lake in SQL; nothing can be changed."""
    one_of(form, FORMATS, "--format")
    with open_releases(load_settings().folder, release) as con:
        if statement is not None:
            _show(ask(con, statement), form)
            return
        err.print(HELP)
        while (text := _read()) is not None:
            try:
                _show(ask(con, TABLES if text == ".tables" else text), form)
            except ConfigError as problem:
                err.print(str(problem))
            except KeyboardInterrupt:
                if not sys.stdin.isatty():
                    raise
                err.print("interrupted")


def _read() -> str | None:
    """Return the next statement, or None at the end of the input."""
    lines: list[str] = []
    while True:
        try:
            line = input("playbill> " if not lines else "     ...> ") if sys.stdin.isatty() else input()
        except EOFError:
            return "\n".join(lines).strip() or None
        except KeyboardInterrupt:
            lines.clear()
            err.print("")
            continue
        if not lines and line.strip() in (".quit", ".exit"):
            return None
        if not lines and line.strip() == ".tables":
            return ".tables"
        lines.append(line)
        if line.rstrip().endswith(";"):
            return "\n".join(lines)


def _show(answer: Answer, form: str) -> None:
    if form == "json":
        typer.echo(for_output(json.dumps(answer.records(), default=str, ensure_ascii=False, indent=1)))
    elif form == "csv":
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(answer.rows)
        typer.echo(for_output(lines.getvalue()), nl=False)
    elif answer.columns:
        table = Table(*answer.columns)
        for row in answer.rows[:SHOWN_ROWS]:
            table.add_row(*(_cell(value) for value in row))
        out.print(table)
        if len(answer.rows) > SHOWN_ROWS:
            err.print(f"{len(answer.rows):,} rows, the first {SHOWN_ROWS} shown; --format csv prints all")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)
