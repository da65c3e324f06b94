"""The command line before it works: help, options, misuse, the version, what is completed."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest
import typer

from flows.cli.commands import COMMANDS, GROUPS, LONG
from tests.flows.conftest import Invoke


def test_a_wrong_setting_is_named_and_its_value_is_not(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYBILL_LISTS__LENGTH", "hunter2")
    code, text = invoke("recommend", "ml_1")
    assert code == 2
    assert "PLAYBILL_LISTS__LENGTH" in text
    assert "hunter2" not in text


@pytest.mark.parametrize("words", [("run", "--dataset", "ml-99m"), ("run", "--train", "maybe")])
def test_a_wrong_option_lists_the_right_ones(invoke: Invoke, words: tuple[str, ...]) -> None:
    code, text = invoke(*words)
    assert code == 2
    assert "it may be" in text


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_has_every_command_by_purpose(invoke: Invoke, word: str) -> None:
    code, text = invoke(word)
    assert code == 0
    for title, group in GROUPS.items():
        assert f"{title}:" in text
        assert [name for name, entry in group.items() if f"{name} " not in text or entry.line not in text] == []


def test_every_registered_command_is_in_the_help() -> None:
    registered: dict[str, str] = {}
    for module in {entry.module for entry in COMMANDS.values()}:
        made = typer.Typer()
        import_module(f"flows.cli.{module}").register(made)
        names = [info.name or getattr(info.callback, "__name__", "") for info in made.registered_commands]
        registered |= dict.fromkeys(names, module)
    assert registered == {name: entry.module for name, entry in COMMANDS.items()}
    assert set(COMMANDS) >= LONG


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(invoke: Invoke, name: str) -> None:
    code, text = invoke(name, "-h")
    assert code == 0
    assert f"Usage: playbill {name}" in text


def test_help_and_misuse_load_nothing_slow() -> None:
    script = (
        "import sys\nfrom flows.cli.app import run_command\n"
        "sys.argv = ['playbill', *sys.argv[1:]]\nrun_command()\n"
        "slow = ('pandas', 'pyarrow', 'prefect', 'mlflow', 'fastapi', 'scipy')\n"
        "print([name for name in slow if name in sys.modules])"
    )
    for words in ((), ("--help",), ("run", "--help"), ("evaluate", "--help"), ("rum",), ("run", "--dataset", "x")):
        done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]", words


def test_the_version(invoke: Invoke) -> None:
    assert invoke("--version") == (0, f"playbill {version('playbill')}\n")


def test_the_shell_completes_models_and_releases(
    published: list[str], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def completed(words: str) -> str:
        monkeypatch.setenv("_PLAYBILL_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", f"playbill {words}")
        monkeypatch.setenv("COMP_CWORD", str(len(words.split(" "))))
        return invoke()[1]

    assert completed("train co").split() == ["covisitation", "content"]
    assert published[0] in completed("rollback 2026")
