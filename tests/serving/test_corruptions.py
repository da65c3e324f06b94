"""Whatever is done to the files of a release, what was served stays served, says so, and the next good one is taken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.serving.conftest import Api, running, settings_of
from tests.serving.releases import PEOPLE, SOLARIS, publish_release
from tests.tally import attempt
from warehouse.files import sha256_of
from warehouse.folder import DataFolder
from warehouse.store import ReleaseStore

Damage = Callable[[Path], object]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Damage] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "a byte flipped": flip,
    "not utf-8": lambda path: path.write_bytes(b"\xff\xfe\xff"),
    "a list": lambda path: path.write_bytes(b"[]"),
    "null": lambda path: path.write_bytes(b"null\n"),
    "deep": lambda path: path.write_bytes(b"[" * 100_000),
    "a folder": folder_instead,
}
NUMBERS = ("NaN", "infinity", "other shape", "other type")


def spoil(path: Path, how: str) -> None:
    array = np.load(path)
    if how == "other shape":
        array = array[: len(array) // 2] if array.ndim else array.reshape(1)
    elif how == "other type":
        array = array.astype("U8")
    elif array.dtype.kind == "f" and array.size:
        array.flat[0] = np.nan if how == "NaN" else np.inf
    np.save(path, array)


def sign_again(release: Path) -> None:
    """Let the manifest agree with the files as they are now: somebody published it so."""
    manifest = json.loads((release / "manifest.json").read_text())
    manifest["files"] = {
        str(path.relative_to(release)): {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in release.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    (release / "manifest.json").write_text(json.dumps(manifest))


class Bench:
    """An API that serves one release while the next is damaged in one way after another."""

    def __init__(self, api: Api, releases: Path, first: str, second: str) -> None:
        self.api, self.releases, self.first, self.second = api, releases, first, second
        self.kept = releases.parent / "kept"
        shutil.copytree(releases, self.kept, symlinks=True)

    def restore(self) -> None:
        """Heal everything; the first release is served, and CURRENT names the second."""
        shutil.rmtree(self.releases)
        shutil.copytree(self.kept, self.releases, symlinks=True)
        if self.api.context.snapshot().release_id != self.first:
            store = ReleaseStore(DataFolder(self.releases.parent))
            store.make_current(self.first)
            assert self.look()
            store.make_current(self.second)

    def files(self) -> list[str]:
        home = self.releases / self.second
        return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())

    def look(self) -> bool:
        self.api.context.snapshots._broken = None  # a broken release waits before it is tried again
        return self.api.refresh()

    def serves(self, release_id: str, *, unreadable: int = 200) -> None:
        for path in (
            "/recommendations/ml_1",
            "/movies/popular",
            "/movies/11",
            "/movies/11/similar",
            "/release",
            "/ready",
        ):
            answer = self.api.get(path)
            assert answer.status_code in (200, unreadable), (path, answer.text)
            body = json.loads(answer.content, parse_constant=pytest.fail)
            assert body.get("release_id", release_id) == release_id, path

    def survives(self) -> None:
        """After a damage: nothing raised, the first release is served, the failure is counted."""
        before = self.api.context.snapshots.failed_looks
        assert not self.look()
        assert self.api.context.snapshots.failed_looks == before + 1
        self.serves(self.first)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    settings = settings_of(tmp_path_factory.mktemp("corrupted"), max_release_age_hours=1e6)
    first = publish_release(settings.folder)
    with running(settings) as api:
        second = publish_release(settings.folder, {**PEOPLE, "ml_1": PEOPLE["ml_3"]}, number=1)
        yield Bench(api, settings.folder.releases, first, second)


@pytest.fixture(autouse=True)
def restored(bench: Bench) -> Iterator[None]:
    yield
    bench.restore()


def test_a_manifest_that_is_a_list_does_not_end_the_watch(bench: Bench) -> None:
    (bench.releases / bench.second / "manifest.json").write_text("[]")
    bench.survives()
    metrics = bench.api.get("/metrics").text
    assert "playbill_failed_looks" in metrics
    assert "playbill_last_look_age_seconds" in metrics
    assert bench.api.get("/ready").json()["failed_looks"] >= 1


def test_bytes_that_are_no_text_in_current_do_not_end_it(bench: Bench) -> None:
    (bench.releases / "CURRENT").write_bytes(b"\xff")
    bench.survives()


def test_a_file_that_is_not_as_published_is_not_served(bench: Bench) -> None:
    flip(bench.releases / bench.second / "models" / "als" / "item_factors_.npy")
    bench.survives()


def test_numbers_that_are_none_are_not_served(bench: Bench) -> None:
    spoil(bench.releases / bench.second / "models" / "als" / "item_factors_.npy", "NaN")
    sign_again(bench.releases / bench.second)
    bench.survives()


def test_a_figure_that_could_not_be_measured_is_null(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    release_id = publish_release(settings.folder)
    path = settings.folder.releases / release_id / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "metrics": {"ndcg@10": float("nan")}}))
    with running(settings) as api:
        body = json.loads(api.get("/release").content, parse_constant=pytest.fail)
    assert body["metrics"] == {"ndcg@10": None}


def test_a_damaged_list_of_the_forgotten_serves_nobody(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    publish_release(settings.folder)
    (settings.folder.releases / "SUPPRESSED").write_bytes(b"\xff")
    with running(settings) as api:
        assert api.get("/recommendations/ml_1").status_code == 503


@pytest.mark.slow
def test_every_single_damage_leaves_what_is_served(bench: Bench) -> None:
    tries = 0
    for name in ("CURRENT", "SUPPRESSED", *(f"{bench.second}/{file}" for file in bench.files())):
        for what, damage in DAMAGES.items():
            path = bench.releases / name
            if name == "SUPPRESSED":
                path.write_text(f"# hashes\n{'0' * 64}\n")
                if what == "missing":
                    continue  # nobody asked to be forgotten
            damage(path)
            tries += 1
            before = bench.api.context.snapshots.failed_looks
            with attempt("corruption: a release while it is served"):
                assert not bench.look(), (name, what)
                assert bench.api.context.snapshots.failed_looks == before + 1, (name, what)
                bench.serves(bench.first)
            bench.restore()
    assert tries >= 79


@pytest.mark.slow
def test_every_damage_that_was_published_is_refused_or_answers_json(bench: Bench) -> None:
    tries = 0
    for file in bench.files():
        if file == "manifest.json":
            continue
        for how in (*DAMAGES, *(NUMBERS if file.endswith(".npy") else ())):
            path = bench.releases / bench.second / file
            spoil(path, how) if how in NUMBERS else DAMAGES[how](path)
            sign_again(bench.releases / bench.second)
            tries += 1
            with attempt("corruption: a release that was published so"):
                bench.look()
                # whichever is served now answers, and in numbers; DuckDB finds a bad block only when it reads it
                bench.serves(
                    bench.api.context.snapshot().release_id, unreadable=500 if file == "release.duckdb" else 200
                )
            bench.restore()
    assert tries >= 79


def test_healed_it_is_served(bench: Bench) -> None:
    (bench.releases / bench.second / "release.duckdb").write_bytes(b"")
    bench.survives()
    bench.restore()
    assert bench.look()
    bench.serves(bench.second)
    assert SOLARIS not in [
        item["movie_id"] for item in bench.api.get("/recommendations/ml_1").json()["recommendations"]
    ]
