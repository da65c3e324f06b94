"""A hundred publishes while four readers ask: nobody sees an error, or rows of two releases at once."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest

from tests import tally
from tests.serving.conftest import settings_of
from tests.serving.process import serving_process
from tests.serving.releases import ALIEN, ALIENS, AMELIE, CHOCOLAT, PEOPLE, publish_release
from warehouse.errors import PlaybillError
from warehouse.folder import DataFolder
from warehouse.query import ask, open_releases
from warehouse.store import ReleaseStore

pytestmark = pytest.mark.slow

PUBLISHES = 100
KINDS = (PEOPLE, {**PEOPLE, "ml_1": [(AMELIE, 5.0, 1), (CHOCOLAT, 5.0, 2)]})
"""What ml_1 rated, by whether the release's number is odd: science fiction or romance, which then is not listed."""
RATED = ({ALIEN, ALIENS}, {AMELIE, CHOCOLAT})


class Readers:
    """Two who ask the API and two who ask the file, until they are told to stop; what was wrong is kept."""

    def __init__(self, folder: DataFolder, url: str) -> None:
        self._folder, self._url, self._done = folder, url, threading.Event()
        self.wrong: list[str] = []
        self.seen: list[set[str]] = [set() for _ in range(4)]
        ways = (self._over_http, self._over_http, self._in_sql, self._in_sql)
        self._threads = [threading.Thread(target=way, args=(seen,)) for way, seen in zip(ways, self.seen, strict=True)]

    def __enter__(self) -> Readers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _look(self, seen: set[str], release_id: str, listed: set[int]) -> None:
        seen.add(release_id)
        # the fixture makes release n in minute n of its day, and its kind by n
        if not listed or listed & RATED[int(release_id[11:13]) % 2]:
            self.wrong.append(f"{release_id} listed {sorted(listed)}")

    def _over_http(self, seen: set[str]) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as client:
            while not self._done.is_set():
                answer = client.get("/recommendations/ml_1?limit=4")
                if answer.status_code != 200:
                    self.wrong.append(f"HTTP {answer.status_code}: {answer.text[:200]}")
                    continue
                body = answer.json()
                self._look(seen, body["release_id"], {item["movie_id"] for item in body["recommendations"]})

    def _in_sql(self, seen: set[str]) -> None:
        query = "SELECT DISTINCT release_id, movie_id FROM recommendations WHERE user_id = 'ml_1'"
        while not self._done.is_set():
            try:
                with open_releases(self._folder) as con:
                    rows = ask(con, query).rows
            except PlaybillError as error:
                self.wrong.append(f"SQL: {error}")
                continue
            ids = {row[0] for row in rows}
            if len(ids) != 1:
                self.wrong.append(f"SQL: rows of {sorted(ids)}")
            self._look(seen, max(ids, default="?" * 13), {row[1] for row in rows})


def test_nobody_sees_an_error_or_a_mixed_release(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, access_log=False)
    store = ReleaseStore(settings.folder)
    publish_release(settings.folder, KINDS[0])
    lost = []
    with serving_process(settings, 1) as url, Readers(settings.folder, url) as readers:
        for number in range(1, PUBLISHES + 1):
            before = len(readers.wrong)
            try:
                with tally.attempt("publish under four readers"):
                    publish_release(settings.folder, KINDS[number % 2], number=number)
                    store.prune(3)
                    assert readers.wrong[before:] == []
            except AssertionError as error:
                lost.append(f"publish {number}: {str(error)[:300]}")
    assert not lost, "\n".join(lost)
    assert readers.wrong == []
    # each of the four followed along; none looked at one release only
    assert min(len(seen) for seen in readers.seen) > PUBLISHES / 10
    assert store.current().manifest["run_id"] == f"run-{PUBLISHES}"
