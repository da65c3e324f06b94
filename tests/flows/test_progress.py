"""Progress that moves: a line on a terminal, plain lines elsewhere, and sentences where a service fails."""

from __future__ import annotations

import io
import re
import time

import pytest

from flows.cli import console
from flows.cli.printable import PlainConsole
from pipelines.progress import stage, step


def test_without_a_terminal_plain_lines_tell_the_stage_and_the_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "LINE_SECONDS", 0.05)
    with console.progress_bar():
        stage("train", 6, 9)
        step("fit als", 0, None)
        time.sleep(0.3)
        step("evaluate", 3, 5)
        time.sleep(0.3)
    time.sleep(0.2)
    lines = capsys.readouterr().err.splitlines()
    assert {re.sub(r"\d+ s$", "n s", line) for line in lines} == {
        "6/9 train: fit als, n s",
        "6/9 train: evaluate 3 of 5, n s",
    }
    assert len(lines) < 14, "nothing more is said when it is over"


def test_a_terminal_shows_a_share_where_there_is_one_and_never_nothing_of_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(console, "err", PlainConsole(file=shown, force_terminal=True, width=120))
    with console.progress_bar():
        stage("train", 6, 9)
        step("fit als", 0, None)
        time.sleep(0.3)
        step("rank", 45, 60)
        time.sleep(0.3)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.getvalue())
    frames = [frame for frame in re.split(r"[\r\n]+", text) if frame.strip()]
    fitting = [frame for frame in frames if "6/9 train: fit als" in frame]
    ranking = [frame for frame in frames if "6/9 train: rank" in frame]
    assert fitting
    assert ranking
    assert not [frame for frame in fitting if "%" in frame], "how far it is, nobody knows"
    assert any("75 %" in frame for frame in ranking)


@pytest.mark.parametrize("name", ["ingest", "ingest app", "match titles", "enrich"])
def test_a_step_that_asks_a_service_is_tried_again_later(name: str) -> None:
    from prefect import Task
    from prefect.states import Failed

    from flows.nightly import as_task
    from warehouse.errors import ConfigError, SourceUnavailableError

    made = as_task(name, lambda: None)
    assert isinstance(made, Task)
    assert (made.retries, made.retry_delay_seconds) == (2, [30.0, 180.0])
    again = made.retry_condition_fn
    assert again is not None
    assert again(made, None, Failed(data=SourceUnavailableError("TMDB does not answer")))  # type: ignore[arg-type]
    assert not again(made, None, Failed(data=ConfigError("a wrong key")))  # type: ignore[arg-type]
