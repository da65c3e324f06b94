"""User ids: each person is spelled in one way, and no source can name another's."""

from __future__ import annotations

import json
import uuid

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.people.identity import (
    LONGEST_ID,
    LONGEST_USER_ID,
    SQL_MACROS,
    movielens_number,
    of_app,
    of_log,
    of_movielens,
    of_request,
    of_sample,
    spelled_as,
)

ANN = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
TRICKY = ["ml_7", "ml_07", "ml_", "sample_10", "ev_42", "ev_", "app_x", "app_", "7", "ML_7", "ml_٣", ANN, ANN.upper()]
GIVEN = st.one_of(
    st.sampled_from(TRICKY),
    st.text(min_size=1, max_size=LONGEST_ID).map(str.strip).filter(lambda text: text and text.isprintable()),
    st.uuids().map(str),
    st.integers(0, 10**17).map(str),
)
USER_IDS = st.one_of(
    st.integers(0, 10**17).map(of_movielens), st.integers(0, 10**6).map(of_sample), GIVEN.map(of_app), GIVEN.map(of_log)
)


@given(USER_IDS)
def test_every_id_comes_back_as_it_is_however_often_it_is_sent(user_id: str) -> None:
    assert of_request(user_id) == user_id
    assert of_log(user_id) == user_id
    assert of_log(json.loads(json.dumps(of_request(user_id)))) == user_id
    assert len(user_id) <= LONGEST_USER_ID


@given(GIVEN, GIVEN)
def test_two_people_of_the_app_are_never_one(one: str, other: str) -> None:
    same = one == other or (of_app(one) == one.lower() == other.lower())
    assert (of_app(one) == of_app(other)) == same


@given(GIVEN)
def test_the_app_s_people_are_nobody_else_s(given: str) -> None:
    user_id = of_app(given)
    assert user_id.startswith("app_") or str(uuid.UUID(user_id)) == user_id
    assert movielens_number(user_id) is None


@pytest.mark.parametrize(
    ("given", "log", "app", "request_"),
    [
        ("ml_7", "ml_7", "app_ml_7", "ml_7"),
        ("sample_10", "sample_10", "app_sample_10", "sample_10"),
        ("ev_42", "ev_42", "app_ev_42", "ev_42"),
        ("42", "ev_42", "app_42", "ml_42"),
        ("007", "ev_007", "app_007", "ml_7"),
        ("bob", "ev_bob", "app_bob", "bob"),
        (ANN.upper(), ANN, ANN, ANN),
    ],
)
def test_by_hand(given: str, log: str, app: str, request_: str) -> None:
    assert (of_log(given), of_app(given), of_request(given)) == (log, app, request_)


def test_numbers_and_what_is_no_id() -> None:
    assert (of_log(17), of_app(17)) == ("ev_17", "app_17")
    assert [movielens_number(user_id) for user_id in ("ml_7", "ml_07", "ev_7", ANN)] == [7, None, None, None]
    for value in (None, True, 1.5, "", " ", "a\nb", "x" * 201, "\ud800", 10**300, ["a"]):
        for spell in (of_log, of_app):
            with pytest.raises(ValueError, match="user_id is"):
                spell(value)


def test_sql_spells_as_python_does() -> None:
    with duckdb.connect() as con:
        for signature, expression in SQL_MACROS.items():
            con.execute(f"CREATE MACRO {signature} AS {expression}")
        spelled = con.execute("SELECT movielens_user(n) FROM range(0, 5000, 7) AS t (n)").fetchall()
    assert [row[0] for row in spelled] == [of_movielens(n) for n in range(0, 5000, 7)]


def test_what_somebody_may_mean() -> None:
    assert spelled_as("42") == ("ml_42", "ev_42", "app_42")
    assert spelled_as(ANN.upper()) == (ANN,)
