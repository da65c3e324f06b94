"""The house rules that a machine can check: sizes, headers, side effects, and docs that list what the code has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli.commands import COMMANDS
from pipelines.settings_example import settings_example
from warehouse.build import read_sql
from warehouse.contracts.core import CORE
from warehouse.contracts.ledgers import LEDGERS
from warehouse.contracts.release import RELEASE_TABLES, RELEASE_VIEWS
from warehouse.dictionary import data_dictionary

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("flows", "pipelines", "serving", "warehouse", "playbill_client")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
BENCH = sorted((ROOT / "bench").glob("*.py"))
MAX_LINES = 300

IMPORT_ALL = """
import os, sys, socket, threading
before = dict(os.environ), threading.active_count()
def refuse(*args, **kwargs):
    raise AssertionError("a module opened a connection while it was imported")
socket.socket.connect = refuse
for name in sys.argv[1:]:
    __import__(name)
changed = {name for name, value in os.environ.items() if before[0].get(name) != value}
assert changed <= {"KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"}, changed  # scikit-learn's own, for OpenMP
assert threading.active_count() == before[1], "a thread was started"
"""


def dotted(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def test_no_module_is_too_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in (*MODULES, *BENCH)}
    assert {name: n for name, n in lengths.items() if n > MAX_LINES} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path.relative_to(ROOT)) for path in MODULES if not path.read_text().lstrip().startswith('"""')]
    assert silent == []


def test_importing_does_nothing(tmp_path: Path) -> None:
    # Prefect makes its own home folder when it is imported; it is sent to tmp_path / "prefect"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PREFECT_HOME": str(tmp_path / "prefect")}
    (tmp_path / "cwd").mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_ALL, *(dotted(path) for path in MODULES)],
        cwd=tmp_path / "cwd", env={**environment, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list((tmp_path / "cwd").iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} <= {"cwd", "prefect"}


@pytest.mark.parametrize("folder", ["staging", "core", "marts", "release", "checks", "release_checks"])
def test_every_sql_file_has_its_header(folder: str) -> None:
    wanted = {"why", "severity"} if "checks" in folder else {"purpose", "grain", "key", "upstream", "refresh"}
    files = read_sql(folder)
    assert files
    assert {file.name: wanted - set(file.header) for file in files if wanted - set(file.header)} == {}


def test_every_column_says_what_it_means() -> None:
    for relation in (*CORE.values(), *LEDGERS.values(), *RELEASE_TABLES.values(), *RELEASE_VIEWS.values()):
        assert relation.purpose, relation.name
        assert relation.grain, relation.name
        assert [column.name for column in relation.columns if not column.description] == [], relation.name


def test_the_data_dictionary_is_what_the_contracts_say() -> None:
    written = (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert written == data_dictionary(), "run: .venv/bin/python -m warehouse.dictionary > docs/data-dictionary.md"


def test_the_example_file_lists_every_setting() -> None:
    written = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert written == settings_example(), "run: .venv/bin/python -m pipelines.settings_example > .env.example"
    assert "PLAYBILL_SERVING__PORT=8000" in written
    assert "MLFLOW_TRACKING_URI=" in written


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = list(COMMANDS)
    assert commands
    assert [name for name in commands if f"`playbill {name}" not in text] == []


def test_every_make_target_is_in_its_help() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.+)$", text, flags=re.MULTILINE)
    assert targets
    helped = set(re.findall(r'@echo "make ([\w-]+)', text))
    assert set(targets.group(1).split()) - {"help", "install", "install-dev", "clean"} == helped


def test_the_locks_name_hashes_and_no_registry() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index-url" not in text
        pinned = re.findall(r"^[a-z0-9][\w.\[\],-]*==", text, flags=re.MULTILINE)
        assert len(pinned) > 100
        assert text.count("--hash=sha256:") >= len(pinned)


def test_no_pickle() -> None:
    words = re.compile(r"\bpickle\b|\bjoblib\b|allow_pickle=True")
    allowed = "no pickle"
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if words.search(line) and allowed not in line.lower() and "never pickle" not in line.lower()
    ]
    assert found == []
