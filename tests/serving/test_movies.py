from __future__ import annotations

import pytest

from tests.serving.conftest import Api
from tests.serving.releases import ALIEN, ALIENS, AMELIE, CHOCOLAT, MOON, ONCE, SOLARIS, STALKER


def ids(api: Api, path: str) -> list[int]:
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    return [film["movie_id"] for film in answer.json()["results"]]


def test_a_film_and_all_that_is_known_of_it(api: Api) -> None:
    body = api.get(f"/movies/{AMELIE}").json()
    assert (body["title"], body["movielens_id"], body["genres"], body["keywords"]) == (
        "Amélie", 4, ["Romance", "Comedy"], ["paris"],
    )  # fmt: skip
    assert (body["vote_average"], body["overview"], body["poster_url"]) == (
        7.9, None, "https://image.tmdb.org/t/p/w500/21.jpg",
    )  # fmt: skip
    assert api.get("/movies/999").status_code == 404
    assert api.get("/movies/2147483648").status_code == 422


def test_the_films_most_like_a_film(api: Api) -> None:
    # all of one axis are parallel, cosine 1: lower ids first, three are stored; the film itself is left out
    body = api.get(f"/movies/{ALIEN}/similar?limit=2").json()
    assert ([film["movie_id"] for film in body["results"]], body["movie_id"]) == ([ALIENS, SOLARIS], ALIEN)
    assert [film["rank"] for film in body["results"]] == [1, 2]
    assert ids(api, f"/movies/{STALKER}/similar") == []
    assert api.get("/movies/999/similar").status_code == 404


def test_popular_films_by_scope_and_page(api: Api) -> None:
    everybody = api.get("/movies/popular").json()
    assert (everybody["results"][0]["movie_id"], everybody["page"], everybody["total_pages"]) == (ALIEN, 1, 1)
    # seven films have a rating
    assert everybody["total_results"] == len(everybody["results"]) == 7
    assert ids(api, "/movies/popular?genre=romance") == [AMELIE, CHOCOLAT]
    assert api.get("/movies/popular?page=2").json()["results"] == []
    assert set(ids(api, "/movies/popular?genre=trending")) == set(ids(api, "/movies/popular"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("alien", [ALIEN, ALIENS]),
        ("ALIENS", [ALIENS]),
        ("amelie", [AMELIE]),
        ("  Amélie! ", [AMELIE]),
        ("moo", [MOON]),
        ("lien", [ALIEN, ALIENS]),
        ("on", [ONCE, MOON]),
        ("nothing like it", []),
        ("%", []),
        ("'; DROP TABLE movies; --", []),
    ],
)
def test_titles_are_found(api: Api, words: str, expected: list[int]) -> None:
    answer = api.get("/movies/search", params={"q": words})
    assert [film["movie_id"] for film in answer.json()["results"]] == expected
    assert answer.json()["total_results"] == len(expected)


def test_a_page_past_the_last_is_empty_and_counts(api: Api) -> None:
    body = api.get("/movies/search?q=alien&page=3").json()
    assert (body["results"], body["total_results"], body["total_pages"], body["page"]) == ([], 2, 1, 3)


def test_older_names_answer_alike(api: Api) -> None:
    for path in ("/movies/popular?page=1", "/movies/search?q=alien"):
        assert api.get(f"/discovery{path}").json() == {**api.get(path).json(), "source": "release"}


def test_genres_and_their_films(api: Api) -> None:
    genres = {genre["name"]: genre["films"] for genre in api.get("/genres").json()["genres"]}
    assert genres == {"Action": 1, "Comedy": 2, "Drama": 4, "Horror": 1, "Romance": 3, "Science Fiction": 5}


def test_the_catalogue_may_be_kept_by_anybody(api: Api) -> None:
    for path in ("/movies/popular", "/movies/search?q=a", "/genres", f"/movies/{ALIEN}", f"/movies/{ALIEN}/similar"):
        answer = api.get(path)
        assert answer.headers["cache-control"] == "public, max-age=300"
        again = api.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("typed", "first"),
    [("alein", ALIEN), ("Amelei", AMELIE), ("the solarris", SOLARIS), ("stalkr", STALKER), ("chocolatt", CHOCOLAT)],
)
def test_a_slip_of_the_pen_is_forgiven(api: Api, typed: str, first: int) -> None:
    body = api.get("/movies/search", params={"q": typed}).json()
    assert body["results"][0]["movie_id"] == first
    assert 0 < body["results"][0]["score"] < 1
    assert body["total_results"] == len(body["results"])


def test_an_unknown_genre_is_refused_with_those_there_are(api: Api) -> None:
    answer = api.get("/movies/popular?genre=Horor")
    assert answer.status_code == 422
    assert "did you mean Horror? there are: Action, Comedy, Drama, Horror, Romance" in answer.json()["detail"]
    assert "did you mean" not in api.get("/movies/popular?genre=Nothing").json()["detail"]
    assert ids(api, "/movies/popular?genre=Sci-Fi") == ids(api, "/movies/popular?genre=Science Fiction") != []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/recommendations/ml_1?limt=5", "query.limt: there is no such parameter here; did you mean limit?"),
        ("/recommendations/ml_1?k=5", "did you mean limit?"),
        ("/recommendations/ml_1?limit=5&genres=Drama", "did you mean genre?"),
        ("/recommend?liked=11&limit=5", "did you mean k?"),
        ("/movies/search?q=alien&query=alien", "did you mean q?"),
        ("/movies/popular?zzz=1", "there are genre, page"),
        ("/genres?page=1", "this route takes none"),
        (f"/movies/{ALIEN}/similar?Limit=3", "did you mean limit?"),
        ("/api/recommendations?user_id=1&limit=5", "did you mean top_n?"),
    ],
)
def test_an_unknown_parameter_is_refused_with_the_nearest(api: Api, path: str, says: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 422, answer.text
    assert says in answer.json()["detail"]
    assert answer.json()["errors"][0]["where"].startswith("query.")


def test_a_probe_may_say_more_than_is_asked(api: Api) -> None:
    assert api.get("/health?probe=lb1").status_code == 200
