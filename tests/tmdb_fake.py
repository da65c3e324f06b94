"""A TMDB of the tests' own: a few films, any fault wanted, and a memory of what it was asked."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

API_KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
TOKEN = "eyJhbGciOiJI.eyJhdWQiOiJ0.c2lnbmF0dXJl"

Fault = Callable[[httpx.Request, int], httpx.Response | Exception | None]
"""(request, how many came before it) -> what goes wrong, if anything."""


def film(movie_id: int, title: str = "A film", **values: Any) -> dict[str, Any]:
    """Return a record as TMDB shapes it."""
    return {
        "adult": False,
        "id": movie_id,
        "imdb_id": f"tt{movie_id:07d}",
        "title": title,
        "original_title": title,
        "original_language": "en",
        "overview": f"What happens in {title}.",
        "tagline": "",
        "release_date": "1995-10-30",
        "runtime": 81,
        "vote_average": 7.5,
        "vote_count": 100,
        "popularity": 12.5,
        "poster_path": f"/p{movie_id}.jpg",
        "backdrop_path": None,
        "belongs_to_collection": None,
        "genres": [{"id": 16, "name": "Animation"}],
        "keywords": {"keywords": [{"id": 1, "name": "toy"}]},
        "credits": {
            "cast": [{"name": "Second", "order": 1}, {"name": "First", "order": 0}],
            "crew": [{"name": "Writer", "job": "Writer"}, {"name": "Director", "job": "Director"}],
        },
        **values,
    }


def refusal(status: int, code: int, message: str, **headers: str) -> httpx.Response:
    """Return an error in TMDB's envelope."""
    body = {"success": False, "status_code": code, "status_message": message}
    return httpx.Response(status, json=body, headers=headers)


@dataclass
class FakeTmdb:
    """Use as the handler of an `httpx.MockTransport`, or behind `serving`."""

    films: dict[int, dict[str, Any]] = field(default_factory=dict)
    popular: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    fault: Fault = lambda request, before: None
    requests: list[httpx.Request] = field(default_factory=list)
    change_pages: int = 1

    def __call__(self, request: httpx.Request) -> httpx.Response:
        before = len(self.requests)
        self.requests.append(request)
        wrong = self.fault(request, before)
        if isinstance(wrong, Exception):
            raise wrong
        if wrong is not None:
            return wrong
        keyed = request.url.params.get("api_key") == API_KEY
        if not keyed and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return refusal(401, 7, "Invalid API key: You must be granted a valid key.")
        return self._answer(request.url.path.removeprefix("/3"), dict(request.url.params))

    @property
    def asked(self) -> Counter[int]:
        """How often each film was asked for."""
        paths = [request.url.path.removeprefix("/3") for request in self.requests]
        return Counter(int(p.split("/")[2]) for p in paths if p.startswith("/movie/") and p.split("/")[2].isdigit())

    def paths(self, start: str) -> list[httpx.Request]:
        """Return the requests whose path begins so."""
        return [r for r in self.requests if r.url.path.removeprefix("/3").startswith(start)]

    def forget(self) -> None:
        """Forget what was asked."""
        self.requests.clear()

    def _answer(self, path: str, query: dict[str, str]) -> httpx.Response:
        page = int(query.get("page", "1"))
        if path == "/configuration":
            return httpx.Response(200, json={"images": {}})
        if path == "/movie/popular":
            return self._page([{"id": i} for i in self.popular], page, 20)
        if path == "/movie/changes":
            if self.change_pages > 1:
                return httpx.Response(200, json={"results": [{"id": page}], "total_pages": self.change_pages})
            return self._page([{"id": i, "adult": None} for i in self.changed], page, 100)
        if path == "/search/movie":
            hits = [r for r in self.films.values() if query["query"].casefold() in str(r["title"]).casefold()]
            return self._page(hits, page, 20)
        if path.startswith("/find/"):
            hits = [{"id": i} for i, r in self.films.items() if r.get("imdb_id") == path.split("/")[2]]
            return httpx.Response(200, json={"movie_results": hits, "tv_results": []})
        movie_id = int(path.split("/")[2])
        if movie_id not in self.films:
            return refusal(404, 34, "The resource you requested could not be found.")
        return httpx.Response(200, json=self.films[movie_id])

    @staticmethod
    def _page(rows: list[dict[str, Any]], page: int, size: int) -> httpx.Response:
        part = rows[(page - 1) * size : page * size]
        return httpx.Response(200, json={"page": page, "results": part, "total_pages": -(-len(rows) // size)})


@contextmanager
def serving(fake: FakeTmdb) -> Iterator[str]:
    """Serve the fake on loopback and give its base URL; an exception of a fault drops the connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Say nothing."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            url = httpx.URL(f"http://127.0.0.1{parts.path}", params=query)
            try:
                response = fake(httpx.Request("GET", url, headers=list(self.headers.items())))
            except httpx.HTTPError:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                if name != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/3"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
