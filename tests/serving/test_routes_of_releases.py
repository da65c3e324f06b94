"""Two releases at once: a hash decides who is served from which, nobody changes sides, and every answer says so."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from bench.serving_release import publish_synthetic
from pipelines.people.sides import CURRENT, side_of
from pipelines.settings import Settings
from pipelines.settings_sections import EventSettings, ServingSettings
from pipelines.sources.events.lines import EventReader
from tests.serving.conftest import running, settings_of
from tests.serving.process import served, serving_process
from tests.serving.releases import FIRST, PEOPLE, publish_release


def test_100_000_ids_fall_within_half_a_percent_of_the_shares() -> None:
    shares = {"20261121T030000Z-aaaaaa": 0.1, "20261122T030000Z-bbbbbb": 0.35}
    people = [f"ml_{number}" for number in range(100_000)]
    sides = Counter(side_of(user, shares, "playbill") for user in people)
    for release_id, share in {**shares, CURRENT: 0.55}.items():
        assert abs(sides[release_id] / len(people) - share) < 0.005
    # a share that grows takes people in and sends nobody away from it; another salt draws anew
    grown = {**shares, "20261122T030000Z-bbbbbb": 0.5}
    moved = {(side_of(user, shares, "playbill"), side_of(user, grown, "playbill")) for user in people[:5000]}
    assert moved == {(one, one) for one in (*shares, CURRENT)} | {(CURRENT, "20261122T030000Z-bbbbbb")}
    first, other = ([side_of(user, {"a": 0.5}, salt) for user in people[:2000]] for salt in ("one", "two"))
    assert 0.45 < sum(a == b for a, b in zip(first, other, strict=True)) / 2000 < 0.55


def test_shares_of_more_than_everybody_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"add up to 1\.2"):
        ServingSettings(routes={"a": 0.6, "b": 0.6})


@pytest.mark.slow
def test_answers_etags_metrics_and_exposures_name_the_release(tmp_path: Path) -> None:
    plain = settings_of(tmp_path)
    older = publish_release(plain.folder)
    newer = publish_release(plain.folder, number=1)
    settings = settings_of(tmp_path, routes={older: 0.5, "20990101T000000Z-000000": 0.1}, exposure_log=True)
    expected = {user: side_of(user, settings.serving.routes, "playbill") for user in PEOPLE}
    expected = {user: older if side == older else newer for user, side in expected.items()}
    assert set(expected.values()) == {older, newer}
    with running(settings) as api:
        for user, release_id in expected.items():
            for _ in range(2):
                answer = api.get(f"/recommendations/{user}?limit=2")
                assert answer.json()["release_id"] == release_id
                assert release_id in answer.headers["etag"]
                assert api.get(f"/users/{user}/history").json()["release_id"] == release_id
        batch = api.post("/recommendations/batch", json={"user_ids": list(expected), "limit": 1}).json()
        assert {one["user_id"]: one["release_id"] for one in batch["lists"]} == expected
        page = api.get("/metrics").text
        on_older = sum(release_id == older for release_id in expected.values())
        assert f'playbill_release_lists_total{{release="{older}"}} {3 * on_older}.0' in page
    (log,) = settings.folder.inbox.glob("feedback-*.jsonl")
    shown = [json.loads(line) for line in log.read_text().splitlines()]
    assert {(line["user_id"], line["release_id"]) for line in shown} == set(expected.items())
    assert len(shown) == len(PEOPLE) * (2 + 2 + 1)
    reader = EventReader(EventSettings(), FIRST.replace(year=2100))
    assert {reader.event(line).event for line in shown} == {"shown"}


@pytest.mark.slow
def test_nobody_changes_sides_between_restarts_and_workers(tmp_path: Path) -> None:
    plain = settings_of(tmp_path)
    older = publish_release(plain.folder)
    newer = publish_release(plain.folder, number=1)
    settings = settings_of(tmp_path, routes={older: 0.5}, access_log=False)
    expected = {(user, older if side_of(user, {older: 0.5}, "playbill") == older else newer) for user in PEOPLE}
    assert {release_id for _, release_id in expected} == {older, newer}
    sides: set[tuple[str, str]] = set()
    for workers in (1, 2, 2):
        # a connection each, so that both workers answer
        with serving_process(settings, workers) as url, httpx.Client(headers={"Connection": "close"}) as client:
            for user in 20 * list(PEOPLE):
                sides.add((user, client.get(f"{url}/recommendations/{user}").json()["release_id"]))
    assert sides == expected


@pytest.mark.slow
def test_two_releases_take_half_as_much_memory_again_as_one_and_the_arrays(tmp_path: Path) -> None:
    """Resident memory of one worker that has answered for everybody's hundredth; the arrays are the model's files."""
    plain = settings_of(tmp_path, access_log=False)
    older, newer = (
        publish_synthetic(plain.folder, people=50_000, films=5_000, seed=seed, hybrid=True) for seed in (0, 1)
    )
    arrays = sum(path.stat().st_size for path in (plain.folder.releases / older / "models").rglob("*.npy"))
    one = memory_of(plain, {newer})
    both = memory_of(settings_of(tmp_path, routes={older: 0.5}, access_log=False), {older, newer})
    twice = memory_of(settings_of(tmp_path, routes={older: 0.5, newer: 0.5}, access_log=False), {older, newer})
    assert max(both, twice) <= 1.5 * one + arrays, (one, both, twice, arrays)


def memory_of(settings: Settings, releases: set[str]) -> int:
    """Return the resident bytes of an API that serves these releases, after lists of each."""
    with served(settings) as api, httpx.Client(base_url=api.url) as client:
        answers = [client.get(f"/recommendations/ml_{number}").json() for number in range(0, 50_000, 100)]
        assert {answer["release_id"] for answer in answers} == releases
        assert {answer["strategy"] for answer in answers} == {"precomputed"}
        status = Path(f"/proc/{api.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@pytest.mark.slow
def test_forgetting_reaches_both(tmp_path: Path) -> None:
    from pipelines.people.suppression import suppress

    settings = settings_of(tmp_path)
    older = publish_release(settings.folder)
    publish_release(settings.folder, number=1)
    both = settings_of(tmp_path, routes={older: 0.999})
    with running(both) as api:
        assert api.get("/recommendations/ml_1").json()["strategy"] == "precomputed"
        suppress(both.folder, "ml_1")
        api.refresh()
        assert api.get("/recommendations/ml_1").json()["strategy"] == "popularity_fallback"
