"""Records: the right facts from a sound one, and no crash and no silence about a mangled one."""

from __future__ import annotations

import copy
import json
import math
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.sources.tmdb.fields import Problem
from pipelines.sources.tmdb.records import FIELDS, LONGEST_TEXT, Parsed, found_film, read_record
from tests.tmdb_fake import film
from warehouse.contracts.tmdb import RECORD_COLUMNS
from warehouse.db import connect

TOY_STORY: dict[str, Any] = {
    "id": 862,
    "imdb_id": "tt0114709",
    "title": "Toy Story",
    "original_title": "Toy Story",
    "original_language": "en",
    "overview": "Led by Woody,\r\n\r\nAndy's toys live happily.",
    "tagline": "",
    "release_date": "1995-10-30",
    "runtime": 81,
    "vote_average": 7.9,
    "vote_count": 18000,
    "popularity": 120.5,
    "poster_path": "/uXDfjJbdP4ijW5hWSBrPrlKpxab.jpg",
    "backdrop_path": None,
    "belongs_to_collection": {"id": 10194, "name": "Toy Story Collection"},
    "genres": [{"id": 16, "name": "Animation"}, {"id": 35, "name": "Comedy"}],
    "keywords": {"keywords": [{"id": 931, "name": "jealousy"}, {"id": 4290, "name": "toy"}]},
    "credits": {
        "cast": [
            {"name": "Don Rickles", "order": 2},
            {"name": "Tom Hanks", "order": 0},
            {"name": "Tim Allen", "order": 1},
        ],
        "crew": [
            {"name": "Joss Whedon", "job": "Screenplay"},
            {"name": "John Lasseter", "job": "Director"},
            {"name": "Ash Brannon", "job": "Directing Animator"},
        ],
    },
    "softcore": False,
    "something_new": {"a": [1]},
}


def read(**changes: Any) -> Parsed:
    return read_record({**TOY_STORY, **changes}, 862)


def value(field: str, **changes: Any) -> Any:
    record = read(**changes).record
    assert record is not None
    return record[field]


def complaints(parsed: Parsed) -> list[tuple[str, bool]]:
    return [(problem.field, problem.kept) for problem in parsed.problems]


def test_a_sound_record() -> None:
    parsed = read()
    assert parsed.problems == []
    assert parsed.record == {
        "title": "Toy Story",
        "original_title": "Toy Story",
        "year": 1995,
        "release_date": date(1995, 10, 30),
        "overview": "Led by Woody, Andy's toys live happily.",
        "tagline": None,
        "genres": ["Animation", "Comedy"],
        "keywords": ["jealousy", "toy"],
        "cast_names": ["Tom Hanks", "Tim Allen", "Don Rickles"],
        "directors": ["John Lasseter"],
        "runtime": 81,
        "language": "en",
        "poster_path": "/uXDfjJbdP4ijW5hWSBrPrlKpxab.jpg",
        "backdrop_path": None,
        "vote_average": 7.9,
        "vote_count": 18000,
        "popularity": 120.5,
        "imdb_id": "tt0114709",
        "collection": "Toy Story Collection",
    }


def test_the_fields_are_those_of_the_contract() -> None:
    assert tuple(column.name for column in RECORD_COLUMNS) == FIELDS


def test_a_record_with_nothing_but_its_id_is_no_problem() -> None:
    parsed = read_record({"id": 862}, 862)
    assert parsed.problems == []
    assert parsed.record is not None
    assert {name: v for name, v in parsed.record.items() if v not in (None, [])} == {}


@pytest.mark.parametrize("body", [None, [], "text", 7, {}, {"id": None}, {"id": 863}, {"id": "x"}, {"id": True}])
def test_what_is_no_record_of_the_film_is_refused(body: Any) -> None:
    parsed = read_record(body, 862)
    assert parsed.record is None
    assert len(parsed.problems) >= 1


@pytest.mark.parametrize(
    ("field", "change", "expected", "complaint"),
    [
        ("runtime", {"runtime": "81"}, 81, ("runtime", True)),
        ("runtime", {"runtime": 81.4}, 81, ("runtime", True)),
        ("runtime", {"runtime": -5}, None, ("runtime", False)),
        ("runtime", {"runtime": "long"}, None, ("runtime", False)),
        ("runtime", {"runtime": True}, None, ("runtime", False)),
        ("runtime", {"runtime": 10**400}, None, ("runtime", False)),
        ("vote_average", {"vote_average": "7.9"}, 7.9, ("vote_average", True)),
        ("vote_average", {"vote_average": 79}, None, ("vote_average", False)),
        ("popularity", {"popularity": math.nan}, None, ("popularity", False)),
        ("popularity", {"popularity": math.inf}, None, ("popularity", False)),
        ("vote_count", {"vote_count": 2**31}, None, ("vote_count", False)),
        ("release_date", {"release_date": "1995-13-45"}, None, ("release_date", False)),
        ("year", {"release_date": "1995-13-45"}, None, ("release_date", False)),
        ("release_date", {"release_date": "0001-01-01"}, None, ("release_date", False)),
        ("release_date", {"release_date": 19951030}, None, ("release_date", False)),
        ("title", {"title": 300}, "300", ("title", True)),
        ("title", {"title": {"en": "Toy Story"}, "original_title": None}, None, ("title", False)),
        ("title", {"title": "", "original_title": "Histoire"}, "Histoire", ("title", True)),
        ("overview", {"overview": "x" * 10_000_001}, "x" * LONGEST_TEXT, ("overview", True)),
        ("overview", {"overview": ["x"]}, None, ("overview", False)),
        ("language", {"original_language": "English"}, None, ("language", False)),
        ("poster_path", {"poster_path": "http://elsewhere/x.jpg"}, None, ("poster_path", False)),
        ("imdb_id", {"imdb_id": "nm0000158"}, None, ("imdb_id", False)),
        ("genres", {"genres": "Comedy"}, [], ("genres", False)),
        ("genres", {"genres": [{"id": 35}, None, {"name": "Comedy"}]}, ["Comedy"], ("genres", False)),
        ("keywords", {"keywords": 5}, [], ("keywords", False)),
        ("cast_names", {"credits": []}, [], ("credits", False)),
        ("cast_names", {"credits": {"cast": {}}}, [], ("cast_names", False)),
    ],
)
def test_what_drifts_is_coerced_or_dropped_and_noted(
    field: str, change: dict[str, Any], expected: Any, complaint: tuple[str, bool]
) -> None:
    assert value(field, **change) == expected
    assert complaint in complaints(read(**change))


@pytest.mark.parametrize(
    ("field", "change", "expected"),
    [
        ("release_date", {"release_date": ""}, None),
        ("release_date", {"release_date": "1995-10-30T00:00:00.000Z"}, date(1995, 10, 30)),
        ("runtime", {"runtime": 0}, None),
        ("vote_average", {"vote_average": 0.0, "vote_count": 0}, None),
        ("overview", {"overview": "  "}, None),
        ("overview", {"overview": "half \ud83d of a sign\x00"}, "half of a sign"),
        ("genres", {"genres": ["Comedy", "Comedy", "War"]}, ["Comedy", "War"]),
        ("keywords", {"keywords": {"results": [{"name": "toy"}]}}, ["toy"]),
        ("cast_names", {"credits": {"cast": [{"name": "B"}, {"name": "A", "order": 5}]}}, ["A", "B"]),
        ("directors", {"credits": {"crew": None}}, []),
    ],
)
def test_what_is_merely_absent_or_plain_is_no_problem(field: str, change: dict[str, Any], expected: Any) -> None:
    assert value(field, **change) == expected
    assert complaints(read(**change)) == []


def test_a_long_value_is_shown_short() -> None:
    problem = read(overview="x" * 10_000_001).problems[0]
    assert problem == Problem("overview", "longer than 10000 characters", "x" * 200, True)


def test_the_cast_is_cut_after_ten() -> None:
    cast = [{"name": f"Name {n}", "order": n} for n in range(30)]
    assert value("cast_names", credits={"cast": cast}) == [f"Name {n}" for n in range(10)]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["", "0", "81", "-1", "1e400", "1995-10-30", "1995-02-31", "nan", "Ω", "\ud800", "x" * 20_000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "order", "job", "x"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(TOY_STORY)), JSON), st.sets(st.sampled_from(sorted(TOY_STORY))))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_mangled_record_crashes_or_leaves_the_contract(changed: dict[str, Any], removed: set[str]) -> None:
    body = {name: v for name, v in {**copy.deepcopy(TOY_STORY), **changed}.items() if name not in removed}
    before = repr(body)
    parsed = read_record(body, 862)
    assert repr(body) == before
    if parsed.record is None:
        assert parsed.problems
        return
    assert tuple(parsed.record) == FIELDS
    table = pa.Table.from_pylist([parsed.record], schema=SCHEMA)
    assert table.num_rows == 1
    json.dumps([problem.text for problem in parsed.problems]).encode()
    assert all(len(problem.text) <= 200 for problem in parsed.problems)


@given(st.sampled_from(["vote_count", "popularity"]), JSON)
@settings(max_examples=200, deadline=None)
def test_a_number_is_kept_within_its_bounds_or_its_loss_is_noted(field: str, mangled: Any) -> None:
    parsed = read(**{field: mangled})
    assert parsed.record is not None
    found = parsed.record[field]
    if found is not None:
        assert 0 <= found <= {"vote_count": 2**31 - 1, "popularity": 1e9}[field]
    elif mangled not in (None, ""):
        assert (field, False) in complaints(parsed)


def _schema() -> pa.Schema:
    casts = ", ".join(f"NULL::{column.type} AS {column.name}" for column in RECORD_COLUMNS)
    with connect() as con:
        return con.sql(f"SELECT {casts}").to_arrow_table().schema


SCHEMA = _schema()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"movie_results": [{"id": 5}, {"id": 6}]}, 5),
        ({"movie_results": [], "tv_results": [{"id": 7}]}, None),
        ({"movie_results": [{"id": "x"}]}, None),
        ({"movie_results": {"id": 5}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_look_up_names_a_film_or_none(body: Any, expected: int | None) -> None:
    assert found_film(body) == expected


def test_the_fakes_own_record_is_sound() -> None:
    assert read_record(film(5), 5).problems == []
