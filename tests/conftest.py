"""Fixtures for all tests: a clean environment, settings in a temporary folder, small MovieLens sets made here."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from pipelines.settings import Settings
from tests import tally
from tests.virtual_time import virtual_time  # noqa: F401 - a fixture for all

os.environ["PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW"] = "ignore"  # a flow that ran before sends all logs to Prefect

_exit_status = [1]


@atexit.register
def _leave() -> None:
    """Skip taking the interpreter apart, where DuckDB's bindings print pages once Prefect's threads have run.

    Registered before anything else is imported, so it comes last; the status is pytest's own.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_exit_status[0])


def pytest_sessionfinish(exitstatus: int) -> None:
    _exit_status[0] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Print what the slow suites tried, survived and lost, after everything else."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        for line in tally.table():
            reporter.write_line(line)


OWN_VARIABLES = ("PLAYBILL_", "PREFECT_", "MLFLOW_", "SUPABASE_", "TMDB_", "SPOTIFY_")


NO_STARS = "PLAYBILL_TRAINING__STARS"
"""Off in tests but those of it: SVD's cross-validation takes longer than all the rest of a small run."""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith(OWN_VARIABLES) and not name.startswith("PREFECT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv(NO_STARS, "false")


@pytest.fixture(scope="session", autouse=True)
def _no_pictures(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing is drawn for MLflow but in the slow suite: each run would take two seconds more."""
    from pipelines.registry.tracking import Registry

    if request.config.option.markexpr == "slow":
        yield
        return

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Registry, "log_figures", lambda *_: None)
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose folders are this test's own."""
    return Settings(data_dir=tmp_path / "data", mlruns_dir=tmp_path / "mlruns")


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tracking database with its tables made, which takes MLflow seconds, and nothing in it."""

    def make(home: Path) -> None:
        from mlflow import MlflowClient

        MlflowClient(tracking_uri=f"sqlite:///{home / 'mlflow.db'}").search_experiments()

    return made_once(tmp_path_factory, "mlflow", make) / "mlflow.db"


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that ``make`` has filled, for the whole session: of several workers the first one makes it.

    It is for reading; a test that writes takes a copy.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    home, whole = shared / f"once-{name}", shared / f"once-{name}.whole"
    with (shared / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            make(home)
            whole.touch()
    return home


@pytest.fixture
def run_settings(settings: Settings, empty_mlflow: Path) -> Settings:
    """Settings for a test that runs jobs: its tracking database is there already."""
    settings.mlruns.mkdir(parents=True)
    shutil.copy(empty_mlflow, settings.mlruns / "mlflow.db")
    return settings


RATINGS_HEADER = "userId,movieId,rating,timestamp"
SetMaker = Callable[..., Path]


def small_set() -> dict[str, str]:
    """Return the four files of a MovieLens set of 60 people and 40 films in two worlds of taste.

    Even people like films 1-20, odd people films 21-40; everybody rates 16 films, 12 of their own world.
    """
    rng = np.random.default_rng(7)
    ratings = [RATINGS_HEADER]
    for user in range(1, 61):
        own = rng.permutation(np.arange(1, 21))[:12] + (20 if user % 2 else 0)
        other = rng.permutation(np.arange(1, 21))[:4] + (0 if user % 2 else 20)
        films = rng.permutation(np.concatenate((own, other)))
        for place, film in enumerate(films):
            stars = 4.0 + 0.5 * rng.integers(0, 3) if film in own else 1.0 + 0.5 * rng.integers(0, 4)
            ratings.append(f"{user},{film},{stars:.1f},{1_000_000 + user * 10_000 + place * 60}")
    movies = ["movieId,title,genres"]
    links = ["movieId,imdbId,tmdbId"]
    for film in range(1, 41):
        genre = "Drama|Romance" if film <= 20 else "Action|Sci-Fi"
        movies.append(f'{film},"Film {film}, The ({1980 + film})",{genre}')
        links.append(f"{film},{100_000 + film:07d},{film + 500}")
    tags = ["userId,movieId,tag,timestamp", '3,1,"slow, quiet",1000000', "4,1,paris,1000001", "5,25,space,1000002"]
    files = {"ratings.csv": ratings, "movies.csv": movies, "links.csv": links, "tags.csv": tags}
    return {name: "\n".join(lines) + "\n" for name, lines in files.items()}


@pytest.fixture
def make_set(tmp_path: Path) -> SetMaker:
    """Return a function that writes a zip of the small set, with files replaced (or left out, as None)."""

    def make(name: str = "ml-latest-small", **changed: str | None) -> Path:
        files: dict[str, str | None] = {**small_set()}
        files.update({key.replace("_", "."): text for key, text in changed.items()})
        return write_set(tmp_path / f"{name}.zip", files)

    return make


def write_set(target: Path, files: Mapping[str, str | None]) -> Path:
    """Write a MovieLens zip, its files in a folder of the zip's name; a file that is None is left out."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, text in files.items():
            if text is not None:
                entry = zipfile.ZipInfo(f"{target.stem}/{file}")  # of one date: the same files are the same bytes
                archive.writestr(entry, text, compress_type=zipfile.ZIP_DEFLATED)
    return target


@pytest.fixture
def shared_movielens() -> Iterator[Path]:
    """The real data sets beside the checkout, where there are any."""
    home = Path(__file__).resolve().parents[2] / "shared" / "data" / "movielens"
    if not home.is_dir():
        pytest.skip("the real MovieLens zips are not beside this checkout")
    yield home
