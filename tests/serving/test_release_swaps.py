from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest

from tests.serving.conftest import settings_of
from tests.serving.process import serving_process
from tests.serving.releases import ALIEN, ALIENS, AMELIE, ANNA, CHOCOLAT, PEOPLE, publish_release
from warehouse.store import ReleaseStore


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_no_request_fails_or_mixes_releases_while_they_change(tmp_path: Path, workers: int) -> None:
    settings = settings_of(tmp_path, access_log=False)
    store = ReleaseStore(settings.folder)
    # ml_1 likes science fiction in one kind of release and romance in the other
    kinds = [PEOPLE, {**PEOPLE, "ml_1": [(AMELIE, 5.0, 1), (CHOCOLAT, 5.0, 2)]}]
    publish_release(settings.folder, kinds[0])
    wrong: list[str] = []
    seen: set[str] = set()
    done = threading.Event()

    def ask(url: str) -> None:
        with httpx.Client(base_url=url) as client:
            while not done.is_set():
                answer = client.get("/recommendations/ml_1?limit=4")
                if answer.status_code != 200:
                    wrong.append(f"status {answer.status_code}")
                    continue
                body = answer.json()
                listed = {item["movie_id"] for item in body["recommendations"]}
                # the fixture makes release n in minute n of its hour, and its kind by n
                odd = int(body["release_id"][11:13]) % 2
                rated = {AMELIE, CHOCOLAT} if odd else {ALIEN, ALIENS}
                seen.add(body["release_id"])
                if rated & listed:
                    wrong.append(f"{body['release_id']} listed {rated & listed}")

    with serving_process(settings, workers) as url:
        askers = [threading.Thread(target=ask, args=(url,)) for _ in range(4)]
        for asker in askers:
            asker.start()
        for number in range(1, 16):
            if number % 5 == 4:
                store.make_current(store.before(store.current_id()))
            else:
                publish_release(settings.folder, kinds[number % 2], number=number)
            done.wait(0.2)
            store.prune(2)
        done.set()
        for asker in askers:
            asker.join()
        assert wrong == []
        assert len(seen) > 5
        assert httpx.get(f"{url}/recommendations/{ANNA}").json()["strategy"] == "precomputed"
        assert "playbill_requests_total" in httpx.get(f"{url}/metrics").text
