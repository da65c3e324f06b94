"""User ids and searches that look like SQL, paths or markup: they are values, and name nobody."""

from __future__ import annotations

import json
from urllib.parse import quote

import httpx
import pytest

from tests.serving.process import Served
from tests.tally import attempt

NAMES = [
    "' OR '1'='1", "ml_1' --", "ml_1'; DROP TABLE recommendation_lists; --", "ml_1' UNION SELECT * FROM histories --",
    '" OR ""="', "ml_1\\", "%' OR 1=1 --", "%%", "_", "ml__", "ml_%", "${jndi:ldap://x}", "{{7*7}}", "$(id)", "`id`",
    "../../CURRENT", "..%2f..%2fCURRENT", "\x00", "\x1b[31m", "\r\nX-Injected: 1", "<script>alert(1)</script>",
    "ml_1\u200b", "ＭＬ_１", "ml_1 ", " ml_1", "ML_1", "0x1", "1e0", "+1", "-1", "1.0", "١", "null", "None",
    "true", "[]", "{}", "'; ATTACH 'x' AS y; --", "read_csv('/etc/passwd')", "'||(SELECT 1)||'", "ml_1/*",
    "*/ml_1", "ml_1;",
    "me/", "\ud83d\ude00", "a" * 128, "select 1", "CASE WHEN 1=1 THEN 'ml_1' END",
    "ml_1\tOR\t1=1", "char(109,108,95,49)",
]  # fmt: skip


@pytest.fixture(scope="module")
def popular(server: Served) -> list[int]:
    body = httpx.get(f"{server.url}/recommendations/nobody-of-this-name").json()
    return [item["movie_id"] for item in body["recommendations"]]


@pytest.mark.slow
def test_a_name_is_a_value(server: Served, popular: list[int]) -> None:
    with httpx.Client(base_url=server.url) as client:
        for name in NAMES:
            with attempt("attack: names"):
                path = quote(name.encode("utf-8", "surrogatepass"), safe="")
                answer = client.get(f"/recommendations/{path}")
                assert answer.status_code in (200, 404, 422), (name, answer.status_code)
                assert "x-injected" not in answer.headers
                if answer.status_code == 200:
                    body = json.loads(answer.content, parse_constant=pytest.fail)
                    assert body["strategy"] == "popularity_fallback", name
                    assert [item["movie_id"] for item in body["recommendations"]] == popular
            with attempt("attack: names in bodies and queries"):
                posted = client.post("/recommend", content=json.dumps({"user_id": name}), headers=JSON)
                assert posted.status_code in (404, 422), (name, posted.text)
                batch = client.post("/recommendations/batch", content=json.dumps({"user_ids": [name]}), headers=JSON)
                assert batch.status_code in (200, 422), (name, batch.text)
                for search in ("/movies/search?q=", "/movies/popular?genre=", "/recommend?query="):
                    found = client.get(search + quote(name[:40].encode("utf-8", "surrogatepass"), safe=""))
                    assert found.status_code in (200, 422), (search, name, found.text)
                    json.loads(found.content, parse_constant=pytest.fail)


@pytest.mark.slow
def test_the_release_is_as_it_was(server: Served) -> None:
    body = httpx.get(f"{server.url}/recommendations/ml_1").json()
    assert body["strategy"] == "precomputed"
    assert httpx.get(f"{server.url}/health").json()["n_users"] == 5


JSON = {"Content-Type": "application/json"}
