"""Forged tokens by the thousand, over HTTP, while somebody with a good one asks for their list."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from tests.attack.conftest import supabase_over_http
from tests.serving.conftest import settings_of
from tests.serving.process import Served, served
from tests.serving.releases import ANNA, BEN, publish_release
from tests.serving.supabase import HS_SECRET, SERVICE_KEY, FakeSupabase
from tests.tally import attempt

FLOOD = 1500


@pytest.fixture(params=["ES256", "HS256"])
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Served, FakeSupabase]]:
    supabase = FakeSupabase.with_people(ANNA, BEN)
    supabase.hs256 = request.param == "HS256"
    with supabase_over_http(supabase) as url:
        settings = settings_of(tmp_path, access_log=False).model_copy(
            update={"supabase_url": url, "supabase_key": SecretStr(SERVICE_KEY)}
        )
        publish_release(settings.folder, sources={ANNA: "supabase", BEN: "supabase"})
        with served(settings) as server:
            supabase.issuer = f"{url}/auth/v1"
            yield server, supabase


@pytest.mark.slow
def test_a_flood_of_forged_tokens_locks_nobody_out(guarded: tuple[Served, FakeSupabase]) -> None:
    server, supabase = guarded
    options = {"key": HS_SECRET, "alg": "HS256"} if supabase.hs256 else {}
    good = {"Authorization": f"Bearer {supabase.token(ANNA, **options)}"}
    path = f"{server.url}/recommendations/{ANNA}"
    assert httpx.get(path, headers=good).status_code == 200
    let_in: list[int] = []
    done = threading.Event()

    def flood() -> None:
        # sent by a proxy of this machine on behalf of one address, as the server believes it
        with httpx.Client(headers={"X-Forwarded-For": "203.0.113.9"}) as client:
            for number in range(FLOOD):
                forged = supabase.token(ANNA, key=f"a-forgers-secret-of-many-letters-{number}", alg="HS256")
                status = client.get(path, headers={"Authorization": f"Bearer {forged}"}).status_code
                with attempt(f"attack: forged tokens, {'HS256' if supabase.hs256 else 'ES256'} project"):
                    assert status in (401, 429)
        done.set()

    flooder = threading.Thread(target=flood)
    flooder.start()
    with httpx.Client(headers={"X-Forwarded-For": "198.51.100.7"}) as client:
        while not done.is_set():
            let_in.append(client.get(path, headers=good).status_code)
            newcomer = {"Authorization": f"Bearer {supabase.token(BEN, **options)}"}
            if len(let_in) == 10:
                let_in.append(client.get(f"{server.url}/recommendations/{BEN}", headers=newcomer).status_code)
    flooder.join()
    assert set(let_in) == {200}
    assert supabase.asked("/user") < FLOOD / 2
