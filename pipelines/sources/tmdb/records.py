"""TMDB's record of a film into Playbill's columns: pure, and prepared for types that drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.sources.tmdb.fields import Problem, day, names, note, number, text, whole

LONGEST_TEXT = 10_000
LONGEST_NAME = 500
CAST = 10
"""Names of the cast that are kept, the first billed first."""
KEYWORDS = 60
MANY = 50
FLOAT_MAX = 1e9
INT_MAX = 2**31 - 1

IMDB_ID = r"tt\d{7,10}"
LANGUAGE = r"[a-z]{2,3}(-[A-Za-z]{2,4})?"
IMAGE_PATH = r"/[\w.\-/]{1,200}"

FIELDS = (
    "title", "original_title", "year", "release_date", "overview", "tagline", "genres", "keywords", "cast_names",
    "directors", "runtime", "language", "poster_path", "backdrop_path", "vote_average", "vote_count", "popularity",
    "imdb_id", "collection",
)  # fmt: skip
"""What is kept of a record, in the words of the `movies` table."""


@dataclass(frozen=True)
class Parsed:
    """What came of a record.

    Attributes
    ----------
    record : dict or None
        One value a name of `FIELDS`; None when it is not a record of the film that was asked for.
    problems : list of Problem
    """

    record: dict[str, Any] | None
    problems: list[Problem]


def read_record(body: Any, movie_id: int) -> Parsed:
    """Read ``/movie/{movie_id}?append_to_response=keywords,credits``; never raises, whatever is in it."""
    problems: list[Problem] = []
    if not isinstance(body, dict):
        note(problems, "record", "no object", body)
        return Parsed(None, problems)
    if whole(body.get("id"), "id", problems, low=1, high=INT_MAX) != movie_id:
        note(problems, "id", f"not the film {movie_id} that was asked for", body.get("id"))
        return Parsed(None, problems)
    released = day(body.get("release_date"), "release_date", problems)
    votes = whole(body.get("vote_count"), "vote_count", problems, low=0, high=INT_MAX)
    mean = number(body.get("vote_average"), "vote_average", problems, low=0, high=10)
    runtime = whole(body.get("runtime"), "runtime", problems, low=0, high=6_000)
    original = text(body.get("original_title"), "original_title", problems, longest=LONGEST_NAME)
    title = text(body.get("title"), "title", problems, longest=LONGEST_NAME)
    if title is None and original is not None:
        note(problems, "title", "absent; the original title takes its place", original, kept=True)
    credit = _part(body, "credits", problems)
    record = {
        "title": title or original,
        "original_title": original,
        "year": released.year if released else None,
        "release_date": released,
        "overview": text(body.get("overview"), "overview", problems, longest=LONGEST_TEXT),
        "tagline": text(body.get("tagline"), "tagline", problems, longest=LONGEST_TEXT),
        "genres": names(body.get("genres"), "genres", problems, most=MANY),
        "keywords": names(_keywords(body, problems), "keywords", problems, most=KEYWORDS),
        "cast_names": names(_billed(credit.get("cast")), "cast_names", problems, most=CAST),
        "directors": names(credit.get("crew"), "directors", problems, most=MANY, wanted=_is_director),
        "runtime": runtime or None,  # TMDB's 0 is "not known"
        "language": text(body.get("original_language"), "language", problems, longest=10, shape=LANGUAGE),
        "poster_path": text(body.get("poster_path"), "poster_path", problems, longest=250, shape=IMAGE_PATH),
        "backdrop_path": text(body.get("backdrop_path"), "backdrop_path", problems, longest=250, shape=IMAGE_PATH),
        "vote_average": mean if votes else None,  # without a vote its 0.0 is no mean
        "vote_count": votes,
        "popularity": number(body.get("popularity"), "popularity", problems, low=0, high=FLOAT_MAX),
        "imdb_id": text(body.get("imdb_id"), "imdb_id", problems, longest=20, shape=IMDB_ID),
        "collection": _collection(body.get("belongs_to_collection"), problems),
    }
    return Parsed(record, problems)


def found_film(body: Any) -> int | None:
    """Return the film that ``/find/{imdb_id}`` names, None when it names none."""
    results = body.get("movie_results") if isinstance(body, dict) else None
    first = results[0] if isinstance(results, list) and results else None
    return whole(first.get("id"), "id", [], low=1, high=INT_MAX) if isinstance(first, dict) else None


def _part(body: dict[str, Any], field: str, problems: list[Problem]) -> dict[str, Any]:
    part = body.get(field)
    if part is None or isinstance(part, dict):
        return part or {}
    note(problems, field, "no object", part)
    return {}


def _keywords(body: dict[str, Any], problems: list[Problem]) -> Any:
    """Return the list of keywords; TMDB wraps it, and calls it ``results`` for some."""
    part = body.get("keywords")
    if isinstance(part, list):
        return part
    wrapped = _part(body, "keywords", problems)
    return wrapped.get("keywords", wrapped.get("results"))


def _billed(cast: Any) -> Any:
    """Sort the cast by its billing; what has no place in it comes last."""
    return sorted(cast, key=_billing) if isinstance(cast, list) else cast


def _billing(entry: Any) -> float:
    order = entry.get("order") if isinstance(entry, dict) else None
    found = number(order, "order", [], low=0, high=FLOAT_MAX)
    return FLOAT_MAX if found is None else found


def _is_director(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("job") == "Director"


def _collection(value: Any, problems: list[Problem]) -> str | None:
    if isinstance(value, dict):
        return text(value.get("name"), "collection", problems, longest=LONGEST_NAME)
    return text(value, "collection", problems, longest=LONGEST_NAME)
