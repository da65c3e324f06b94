"""`playbill sql`: questions to the releases, the warehouse and the lake, one, several, or a conversation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import err, out
from flows.cli.options import ReleaseOption, one_of
from flows.cli.results import FORMATS, check_output, format_of, show, write
from pipelines.settings import load_settings
from warehouse.db import Connection
from warehouse.errors import ConfigError
from warehouse.query import open_releases, run_script

HELP = """cur: this release, prev: the one before, r_<id>: any other; warehouse: what releases are made from; lake: data
sets and logs. A statement ends with ;   .tables [database]   .columns table   .help   .quit"""
TABLES = """
    SELECT database_name AS database, table_name AS name, comment AS holds
    FROM (SELECT database_name, table_name, comment FROM duckdb_tables() WHERE NOT internal
        UNION ALL SELECT database_name, view_name, comment FROM duckdb_views() WHERE NOT internal)
    WHERE database_name IN ({databases}) AND NOT starts_with(table_name, 'lake_')
    ORDER BY ALL
"""
COLUMNS = """
    SELECT column_name AS name, data_type AS type, comment AS holds FROM duckdb_columns()
    WHERE database_name || '.' || table_name IN ('{name}', 'cur.{name}') ORDER BY database_name, column_index
"""
SHOWN = ("cur", "prev", "warehouse", "lake")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("sql")(sql)


def sql(
    statement: Annotated[
        str | None, typer.Argument(help="Statements with ; between; without any a prompt opens, or a pipe is read.")
    ] = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="A file of statements; - is the input.")] = None,
    release: ReleaseOption = None,
    form: Annotated[
        str | None, typer.Option("--format", help=f"One of {', '.join(FORMATS)}; by default as -o is called, or table.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file for the result.")] = None,
) -> None:
    """Ask releases, the warehouse and the lake in SQL; nothing can be changed."""
    form = format_of(form if form is None else one_of(form, FORMATS, "--format"), output)
    folder = load_settings().folder
    text = _script(statement, file)
    if output is not None:
        check_output(output, folder.root)
    with open_releases(folder, release) as con:
        if output is not None:
            if text is None:
                raise ConfigError('-o needs a question; for example: playbill sql -o out.csv "select * from movies"')
            err.print(f"{write(con, text, form, output):,} rows written to {output}")
        elif text is not None:
            for result in run_script(con, _statement_of(text)):
                show(result, form)
        else:
            _converse(con, form)


def _script(statement: str | None, file: Path | None) -> str | None:
    """Return what is to be run, from wherever it was given; None for a conversation."""
    if statement is not None and file is not None:
        raise ConfigError("a statement and -f were both given; give one of them")
    if file is not None and str(file) != "-":
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ConfigError(f"-f {file} cannot be read ({reason}); give a file of SQL statements") from error
    if statement is None and (file is not None or not sys.stdin.isatty()):
        return sys.stdin.read()
    return statement


def _converse(con: Connection, form: str) -> None:
    """Read statements and show what they return until the end of the input; a mistake ends only its statement."""
    import readline  # noqa: F401 - gives input() a history and the arrow keys

    err.print(HELP)
    while (text := _read()) is not None:
        try:
            if text == ".help":
                err.print(HELP)
            else:
                for result in run_script(con, _statement_of(text)):
                    show(result, form)
        except ConfigError as problem:
            err.print(str(problem))
        except KeyboardInterrupt:
            err.print("interrupted")


def _statement_of(text: str) -> str:
    """Return what a line with a dot asks for, in SQL."""
    command, _, argument = text.partition(" ")
    name = argument.strip().rstrip(";").replace("'", "''")
    if command == ".tables":
        return TABLES.format(databases=", ".join(f"'{one}'" for one in ((name,) if name else SHOWN)))
    if command == ".columns" and name:
        return COLUMNS.format(name=name)
    if command.startswith("."):
        raise ConfigError(f"there is no command {command}; there are .tables, .columns TABLE, .help, .quit")
    return text


def _read() -> str | None:
    """Return the next statement or line with a dot, or None at the end of the input."""
    lines: list[str] = []
    while True:
        try:
            line = input("playbill> " if not lines else "     ...> ")
        except EOFError:
            return "\n".join(lines).strip() or None
        except KeyboardInterrupt:
            lines.clear()
            out.print("")
            continue
        if not lines and line.strip().startswith("."):
            return None if line.strip() in (".quit", ".exit") else line.strip()
        lines.append(line)
        if line.rstrip().endswith(";"):
            return "\n".join(lines)
