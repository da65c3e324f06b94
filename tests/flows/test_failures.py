"""What goes wrong without anybody having meant it: never exit code 0, and one line where it can be foreseen."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.settings import Settings, load_settings
from tests.command import PROGRAM, environment
from tests.conftest import SetMaker
from tests.flows.conftest import Invoke
from warehouse.failures import foreseen

UNEXPECTED = 70


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert text.startswith("playbill: ")
    return text


def raises(problem: Exception) -> object:
    def job(*_args: object, **_named: object) -> object:
        raise problem

    return job


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/lake/x.parquet"), ("disk is full", "/data/lake")),
        (PermissionError(errno.EACCES, "Permission denied", "/data/lake"), ("/data/lake", "may not be")),
        (OSError(errno.EROFS, "Read-only file system", "/data"), ("/data", "read-only")),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/data/x"), ("/data/x", "does not exist")),
        (MemoryError(), ("memory",)),
    ],
)
def test_what_can_be_foreseen_is_one_line(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, problem: Exception, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("pipelines.jobs.build.build", raises(problem))
    code, text = invoke("build")
    assert code == 1
    assert all(word in one_line(text) for word in words), text


def test_what_nobody_foresaw_has_its_traceback_and_a_code_of_its_own(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.jobs.build.build", raises(KeyError("n_users")))
    code, text = invoke("build")
    assert code == UNEXPECTED
    assert "Traceback" in text
    assert text.splitlines()[-1].startswith("playbill: this should not have happened")


def test_the_command_itself_leaves_with_that_code(settings: Settings) -> None:
    script = (
        "import sys, pipelines.jobs.build as job\n"
        "def fail(*_): raise KeyError('n_users')\n"
        "job.build = fail\n"
        "sys.argv = ['playbill', 'build']\n"
        "from flows.cli import main; main()"
    )
    own = {"PLAYBILL_DATA_DIR": str(settings.data_dir), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", script], env=own, capture_output=True, text=True, check=False)
    assert done.returncode == UNEXPECTED
    assert "this should not have happened" in done.stderr


def test_a_folder_that_cannot_be_made(invoke: Invoke, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYBILL_DATA_DIR", "/proc/playbill")
    code, text = invoke("ingest", "--movielens", str(make_set()))
    assert code == 1
    assert "/proc/playbill" in one_line(text)


def test_a_corrupt_parquet_file(
    invoke: Invoke, run_settings: Settings, make_set: SetMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke("ingest", "--movielens", str(make_set()))[0] == 0
    assert invoke("build")[0] == 0
    victim = run_settings.folder.dataset("interactions")
    victim.write_bytes(b"PAR1" + bytes(range(256)) + b"PAR1")
    code, text = invoke("train", "popularity")
    assert code == 1
    assert "interactions.parquet" in one_line(text.splitlines(keepends=True)[-1])
    assert "Traceback" not in text


def test_a_setting_that_is_not_json(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYBILL_TRAINING__MODELS", '["hunter2"')
    code, text = invoke("build")
    assert code == 2
    assert "PLAYBILL_TRAINING__MODELS" in one_line(text)
    assert "hunter2" not in text


@pytest.mark.parametrize("statement", ["", "  ", "/* nothing */", ";"])
def test_an_empty_question(invoke: Invoke, published: list[str], statement: str) -> None:
    code, text = invoke("sql", statement)
    assert code == 2
    assert "no statement" in one_line(text)


def test_a_pipe_that_nobody_reads_is_no_error(settings: Settings, run_settings: Settings) -> None:
    own = {"PLAYBILL_DATA_DIR": str(settings.data_dir), "PATH": os.environ["PATH"]}
    command = f"{sys.executable} -c 'from flows.cli import main; main()' --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], env=own, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_nothing_else_is_taken_for_foreseen() -> None:
    assert foreseen(KeyError("x")) is None
    assert foreseen(ValueError("x")) is None
    assert foreseen(AssertionError()) is None


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    try:
        (tmp_path / "file").write_text("")
        (tmp_path / "file" / "inside").mkdir()
    except OSError as error:
        told = foreseen(error)
        assert told
        assert "file/inside" in told


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("PLAYBILL_TRAINING__PUBLISHD", "PLAYBILL_TRAINING__PUBLISHED"),
        ("PLAYBILL_LIST__LENGTH", "PLAYBILL_LISTS__LENGTH"),
        ("PLAYBILL_DATADIR", "PLAYBILL_DATA_DIR"),
        ("PLAYBILL_SUPABASE__COLUMNS__MOVIEID", "PLAYBILL_SUPABASE__COLUMNS__MOVIE_ID"),
    ],
)
def test_a_variable_that_nothing_reads(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, name: str, nearest: str
) -> None:
    monkeypatch.setenv(name, "hunter2")
    code, text = invoke("build")
    assert code == 2
    assert f"no setting {name}; did you mean {nearest}?" in one_line(text)
    assert "hunter2" not in text


def test_a_part_of_a_mapping_is_no_unknown_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYBILL_EVENTS__RULES__LIKE__STARS", "5")
    assert load_settings().events.rules["like"].stars == 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (("ingest",), {"SUPABASE_DB_URL": "postgresql://reader:a-password@127.0.0.1:9/app"}),
        (("ingest",), {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_SECRET_KEY": "sb_secret_a-password"}),
        (("enrich",), {"TMDB_API_KEY": "a-password" + 22 * "0", "PLAYBILL_TMDB__BASE_URL": "http://127.0.0.1:9/3"}),
    ],
)
def test_a_service_that_is_down_is_told_in_sentences(
    settings: Settings, make_set: SetMaker, words: tuple[str, ...], variables: dict[str, str]
) -> None:
    def call(*words: str, **more: str) -> str:
        named = {**environment(settings), "PLAYBILL_SUPABASE__ATTEMPTS": "2", "PLAYBILL_TMDB__ATTEMPTS": "2", **more}
        done = subprocess.run([*PROGRAM, *words], env=named, capture_output=True, text=True, timeout=300, check=False)
        return done.stdout + done.stderr

    call("ingest", "--movielens", str(make_set()))
    text = call(*words, **variables)
    assert "playbill" in text or "TMDB does not answer" in text, text
    for word in ("stamina", "httpx", "HTTP Request", "Traceback", "a-password"):
        assert word not in text, text
