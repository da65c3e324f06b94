from __future__ import annotations

import httpx
import pytest

from serving.client import PlaybillApiError, PlaybillClient
from tests.serving.conftest import Api
from tests.serving.releases import ALIEN, ALIENS, GRAVITY, MOON, SOLARIS


def through(api: Api) -> httpx.MockTransport:
    """Return a transport that hands the client's requests to the API under test."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = api.request(
            request.method, str(request.url.raw_path.decode()), content=request.content, headers=request.headers
        )
        headers = {name: value for name, value in found.headers.items() if name != "content-encoding"}
        return httpx.Response(found.status_code, content=found.content, headers=headers)

    return httpx.MockTransport(answer)


def test_every_method_returns_its_shape(api: Api) -> None:
    with PlaybillClient("http://localhost", transport=through(api)) as client:
        mine = client.recommendations("ml_1", limit=2, genres=["Drama"], year_from=1950, exclude=[SOLARIS])
        assert [item.movie_id for item in mine.recommendations] == [MOON, GRAVITY]
        assert client.recommendations('a%2F"b?').user_id == 'a%2F"b?'
        assert [one.user_id for one in client.batch(["1", "2"]).lists] == ["ml_1", "ml_2"]
        assert client.recommend(liked=[ALIEN], limit=1).recommendations[0].title == "Aliens"
        assert client.movie(ALIEN).title == "Alien"
        assert client.similar(ALIEN, limit=1).results[0].movie_id == ALIENS
        assert client.popular(genre="Romance").total_results == 2
        assert client.search("alien").total_results == 2
        assert len(client.genres().genres) == 6
        assert client.health().n_users == 5
        assert client.release().dataset == "tiny"


def test_a_refusal_is_an_error_with_its_reason(app_api: Api) -> None:
    with (
        PlaybillClient("http://localhost", transport=through(app_api)) as client,
        pytest.raises(PlaybillApiError) as raised,
    ):
        client.recommendations("ml_1")
    assert (raised.value.status, raised.value.retry_after_seconds) == (401, None)
    assert "X-API-Key" in raised.value.detail
    assert raised.value.request_id
    with PlaybillClient("http://localhost", api_key="second-key", transport=through(app_api)) as client:
        assert client.recommendations("ml_1").strategy == "precomputed"


def test_an_answer_of_something_else_says_so() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(502, html="<html>"))
    with (
        PlaybillClient("http://localhost", transport=transport) as client,
        pytest.raises(PlaybillApiError, match="address"),
    ):
        client.health()
