"""Clients that hold the server up, by the hundred: good ones are answered all the while, and memory is bounded."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bench.attackers import ATTACKS, good_client
from tests.attack.conftest import attack_of, memory_mb
from tests.serving.process import Served
from tests.tally import attempt

MAX_GROWTH_MB = 200


@pytest.mark.slow
@pytest.mark.parametrize("attack", [attack.__name__ for attack in ATTACKS])
def test_good_clients_are_answered_under_attack(server: Served, attack: str) -> None:
    count = next(number for function, number in ATTACKS.items() if function.__name__ == attack)
    before = memory_mb(server)
    with attack_of(attack, server, count=count, seconds=6):
        asked = asyncio.run(good_client(server.port, 3))
        grown = memory_mb(server) - before
    assert asked.seconds
    for number in range(len(asked.seconds)):
        with attempt(f"attack: good clients, {attack}"):
            assert number >= asked.failed
    assert asked.failed == 0
    assert grown < MAX_GROWTH_MB
    assert httpx.get(f"{server.url}/health").status_code == 200


@pytest.mark.slow
def test_what_was_closed_is_counted(server: Served) -> None:
    with attack_of("half_requests", server, count=1200, seconds=4):
        page = httpx.get(f"{server.url}/metrics").text
    assert 'playbill_closed_connections{reason="unfinished, to make room"}' in page
