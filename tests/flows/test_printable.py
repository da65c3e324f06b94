"""Titles from elsewhere are shown and not obeyed: no markup, no escape sequence, on a terminal or in a table."""

from __future__ import annotations

import io
import logging
import os
import pty
import subprocess
import sys

import pytest
from rich.table import Table

from flows.cli.printable import PlainConsole, PlainFormatter, printable
from pipelines.settings import Settings
from tests.command import environment
from tests.conftest import SetMaker
from tests.flows.conftest import Invoke

NASTY = "[/] [red]Film[/red] :boom: \x1b]0;owned\x07\x1b[31m\x9b2J\u202e"
SHOWN = "[/] [red]Film[/red] :boom: ]0;owned[31m2J"


def nasty_set(make_set: SetMaker) -> str:
    lines = ["movieId,title,genres"]
    lines += [f'{film},"{NASTY} {film} ({1980 + film})",Drama' for film in range(1, 41)]
    return str(make_set(movies_csv="\n".join(lines) + "\n"))


def test_what_a_terminal_obeys_is_taken_out() -> None:
    assert printable(NASTY) == SHOWN
    assert printable("línea\n\ttabulada, 七人の侍") == "línea\n\ttabulada, 七人の侍"


def test_tables_titles_and_lines_show_text_as_it_is() -> None:
    page = io.StringIO()
    console = PlainConsole(file=page, width=200)
    table = Table(NASTY, title=NASTY)
    table.add_row(NASTY)
    console.print(table)
    console.print(NASTY)
    assert page.getvalue().count(SHOWN) == 4
    assert "\x1b" not in page.getvalue()


def test_a_log_line_too() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 1, "film=%s", (NASTY,), None)
    assert PlainFormatter("%(message)s").format(record) == f"film={SHOWN}"


@pytest.mark.slow
def test_a_run_over_such_titles_ends_well(invoke: Invoke, make_set: SetMaker) -> None:
    code, text = invoke("run", "--movielens", nasty_set(make_set))
    assert code == 0, text
    assert "[/] [red]Film[/red]" in text
    assert "\x1b" not in text
    assert "\x07" not in text


@pytest.mark.slow
def test_nothing_reaches_a_terminal(invoke: Invoke, run_settings: Settings, make_set: SetMaker) -> None:
    assert invoke("run", "--movielens", nasty_set(make_set))[0] == 0
    titles = "select title from movies"
    for words in (
        ("recommend", "ml_1"),
        ("recommend", "ml_1", "--json"),
        ("sql", titles),
        ("sql", titles, "--format", "csv"),
        ("sql", titles, "--format", "json"),
    ):
        code, shown = on_a_terminal(run_settings, words)
        assert code == 0, shown
        assert b"Film[/red]" in shown
        assert b"]0;owned\x07" not in shown
        assert b"\x1b[31m" not in shown
        assert "\x9b".encode() not in shown


def on_a_terminal(settings: Settings, words: tuple[str, ...]) -> tuple[int, bytes]:
    leader, follower = pty.openpty()
    command = [sys.executable, "-c", "from flows.cli import main; main()", *words]
    own = {**environment(settings), "TERM": "dumb", "NO_COLOR": "1"}
    with subprocess.Popen(command, env=own, stdout=follower, stderr=follower) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                shown += os.read(leader, 65536)
            except OSError:
                break
        code = process.wait()
    os.close(leader)
    return code, shown
