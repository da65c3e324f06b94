from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pipelines.settings_llm import LlmSettings
from pipelines.sources.llm.chat import Chat
from serving.words.facts import Facts
from serving.words.llm import REST_AFTER, LlmReader, Sheet, plan_of
from serving.words.plan import Plan

KEY = "sk-something-secret"
EMPTY: dict[str, Any] = {
    "people": [], "similar_titles": [], "genres": [], "moods": [], "languages": [], "year_from": None, "year_to": None,
    "minutes_min": None, "minutes_max": None, "for_children": False, "excluded_genres": [], "excluded_people": [],
    "keywords": [],
}  # fmt: skip
Answer = Callable[[httpx.Request], httpx.Response]


def said(content: str | None, reason: str = "stop") -> httpx.Response:
    return httpx.Response(200, json={"choices": [{"message": {"content": content}, "finish_reason": reason}]})


def filled_in(**fields: Any) -> httpx.Response:
    return said(json.dumps({**EMPTY, **fields}))


class Asked:
    """A reader in front of an LLM that answers as a test says, and what it was sent."""

    def __init__(self, answer: Answer, **settings: Any) -> None:
        self.sent: list[httpx.Request] = []
        self._answer = answer
        ours = LlmSettings.model_validate(
            {"base_url": "https://llm.example/v1", "model": "small", "key": KEY, "timeout_seconds": 5.0, **settings}
        )
        self.reader = LlmReader(Chat(ours, httpx.MockTransport(self._take)), ours)

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return self._answer(request)

    def read(self, facts: Facts, *texts: str, seconds: float = 5.0) -> Plan | None:
        async def all_of_them() -> Plan | None:
            plans = [await self.reader.read(facts, text, until=time.monotonic() + seconds) for text in texts]
            return plans[-1]

        return asyncio.run(all_of_them())


def labels(plan: Plan | None) -> list[str] | None:
    return None if plan is None else [piece.label() for piece in plan.pieces]


def test_a_form_becomes_the_same_plan_as_words_do(facts: Facts) -> None:
    form = {**EMPTY, "people": ["tom hanks"], "genres": ["sci-fi"], "year_from": 1990, "year_to": 1999,
            "excluded_genres": ["Horror"], "moods": ["funny"], "languages": ["english"], "keywords": ["space"],
            "minutes_max": 120, "similar_titles": ["Alien"]}  # fmt: skip
    plan = plan_of(facts, Sheet.model_validate(form), Plan())
    assert labels(plan) == [
        "person: Tom Hanks", "genre: Science Fiction", "not genre: Horror", "title: alien", "mood: funny",
        "language: english", "years: 1990 to 1999", "length: to 120", "topic: space",
    ]  # fmt: skip


def test_what_the_catalogue_does_not_have_counts_for_nothing(facts: Facts) -> None:
    form = {**EMPTY, "people": ["Nobody Known"], "genres": ["Nope"], "moods": ["xyz"], "keywords": ["zzzz"],
            "similar_titles": ["No Such Film"], "languages": ["klingon"]}  # fmt: skip
    assert plan_of(facts, Sheet.model_validate(form), Plan()) is None


def test_numbers_without_end_are_bounded(facts: Facts) -> None:
    form = {**EMPTY, "year_from": -(10**30), "minutes_max": 10**30}
    plan = plan_of(facts, Sheet.model_validate(form), Plan())
    assert plan is not None
    assert [(piece.low, piece.high) for piece in plan.pieces] == [(1, None), (None, 9999)]


def test_it_cannot_take_away_what_is_to_be_kept_out_or_whom_it_is_for(facts: Facts) -> None:
    asked = Asked(lambda _: filled_in(genres=["Horror"], people=["Tom Hanks"]))
    plan = asked.read(facts, "a film without horror for my 5 year old daughter")
    assert labels(plan) == ["not genre: Horror", "audience: children", "person: Tom Hanks"]


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: httpx.Response(429, headers={"Retry-After": "2"}),
        lambda _: httpx.Response(500),
        lambda _: httpx.Response(401, json={"error": {"message": f"wrong key {KEY}"}}),
        lambda _: httpx.Response(200, text="<html>"),
        lambda _: httpx.Response(200, json={"choices": []}),
        lambda _: httpx.Response(200, json=[1]),
        lambda _: said("Sure! Here is your JSON: {"),
        lambda _: said(json.dumps({"ignore_previous": True, "genres": "all"})),
        lambda _: said(None),
        lambda _: said('{"people": ["Tom', "length"),
        lambda _: said("[" * 100_000),
        lambda _: said(json.dumps({**EMPTY, "year_from": float("nan")})),
        lambda _: filled_in(),
    ],
)
def test_whatever_fails_the_built_in_reader_has_the_word(
    answer: Answer, facts: Facts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert Asked(answer).read(facts, "something") is None
    assert KEY not in caplog.text


def test_a_connection_that_breaks_is_no_error_of_ours(facts: Facts) -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert Asked(broken).read(facts, "comedy") is None


def test_it_is_sent_the_text_and_the_form_and_nobodys_name(facts: Facts) -> None:
    asked = Asked(lambda _: filled_in(genres=["Comedy"]))
    asked.read(facts, "a comedy")
    (request,) = asked.sent
    body = json.loads(request.content)
    assert (str(request.url), request.headers["Authorization"]) == (
        "https://llm.example/v1/chat/completions", f"Bearer {KEY}",
    )  # fmt: skip
    assert [message["content"] for message in body["messages"] if message["role"] == "user"] == ["a comedy"]
    assert set(body) == {"model", "temperature", "max_tokens", "messages", "response_format"}
    schema = body["response_format"]["json_schema"]["schema"]
    assert set(schema["required"]) == set(schema["properties"]) == set(EMPTY)  # as strict answers ask for


def test_the_same_wish_is_asked_once(facts: Facts) -> None:
    asked = Asked(lambda _: filled_in(genres=["Comedy"]), cached=1)
    assert labels(asked.read(facts, "a comedy", "A comedy!", "a  comedy")) == ["genre: Comedy"]
    assert len(asked.sent) == 1
    asked.read(facts, "another", "a comedy")  # only one answer is kept
    assert len(asked.sent) == 3


def test_past_its_budget_it_is_not_asked(facts: Facts) -> None:
    asked = Asked(lambda _: filled_in(genres=["Comedy"]), requests_per_hour=2)
    assert asked.read(facts, "one", "two", "three") is None
    assert len(asked.sent) == 2


def test_after_failures_in_a_row_nobody_waits_for_it(facts: Facts) -> None:
    asked = Asked(lambda _: httpx.Response(500))
    asked.read(facts, *map(str, range(20)))
    assert len(asked.sent) == REST_AFTER


def test_without_time_it_is_not_asked(facts: Facts) -> None:
    asked = Asked(lambda _: filled_in(genres=["Comedy"]))
    assert asked.read(facts, "a comedy", seconds=-1) is None
    assert asked.sent == []


def test_a_sentence_is_kept_for_the_films_that_were_chosen() -> None:
    rows = [{"movie_id": 1, "explanation": "It is\n a hotel."}, {"movie_id": 99, "explanation": "Not listed."}]
    asked = Asked(lambda _: said(json.dumps({"films": rows})))
    films = [(1, "The Shining"), (2, "2001")]
    explained = asyncio.run(asked.reader.explain("a hotel", films, until=time.monotonic() + 5))
    assert explained == {1: "It is a hotel."}
    assert "1: The Shining" in json.loads(asked.sent[0].content)["messages"][-1]["content"]
    broken = Asked(lambda _: said("{}"))
    assert asyncio.run(broken.reader.explain("a hotel", films, until=time.monotonic() + 5)) == {}
