"""`kill -9` of `playbill serve`, alone and with workers, starting and answering: no data changes, nobody stays."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress

import httpx
import pytest

from tests import tally
from tests.faults.conftest import House

pytestmark = pytest.mark.slow

MOMENTS = random.Random(11)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Client(threading.Thread):
    """Asks for a list again and again until it is told to stop."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.url, self.good, self.over = f"http://127.0.0.1:{port}/recommendations/ml_1", 0, False

    def run(self) -> None:
        with httpx.Client(timeout=2) as client:
            while not self.over:
                with suppress(httpx.HTTPError):
                    self.good += client.get(self.url).status_code == 200
                time.sleep(0.02)


@pytest.mark.parametrize(("workers", "tries"), [(1, 16), (2, 4)])
def test_killed_serving(house: House, workers: int, tries: int) -> None:
    before, answered, wrongs = house.hashes, 0, []
    for _ in range(tries):
        client = Client(port := free_port())
        client.start()
        done = house.playbill(f"serve --port {port} --workers {workers}", after=MOMENTS.uniform(0.5, 5.0 * workers))
        client.over = True
        client.join()
        answered += bool(client.good)
        try:
            with tally.attempt("kill -9: serve"):
                assert done.code == -9, done
                assert done.left == []
                assert house.hashes == before
        except AssertionError as error:
            wrongs.append(str(error))
    assert not wrongs, "\n".join(wrongs)
    assert answered > 0
    assert house.litter == []
    done = house.playbill("releases --verify", "recommend ml_1")
    assert done.code == 0, done.err
