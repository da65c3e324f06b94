"""Sixty mistakes that people make at the command line: one line, an exit code, a next step; never a traceback."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.conftest import SetMaker
from tests.flows.conftest import Invoke, invoke, published, published_folder

__all__ = ["invoke", "published", "published_folder"]

NEXT_STEPS = (
    "playbill ", "--help", "set ", "did you mean", "it may be", "give ", "there are", "its parameters are",
    "for example", "see .env.example", "add --", "start one", "check ", "mend", "copy ", "it looks like", "choose",
    "stop ", "the newest are",
    "Candidate", "syntax error",
)  # fmt: skip


@dataclass(frozen=True)
class Mistake:
    words: tuple[str, ...]
    says: str
    code: int = 2
    env: dict[str, str] = field(default_factory=dict)
    served: bool = False


def m(line: str, says: str, code: int = 2, *, served: bool = False, **env: str) -> Mistake:
    return Mistake(tuple(word.replace("+", " ") for word in line.split()), says, code, env, served)


NOWHERE = "http://127.0.0.1:9"
MISTAKES = [
    # the command line
    m("rum", "did you mean `playbill run`?"),
    m("relases", "did you mean `playbill releases`?"),
    m("qqq", "there is no command 'qqq'"),
    m("run --datset sample", "--dataset"),
    m("run --dataset ml-99m", "ml-latest-small"),
    m("run --dataset", "requires an argument"),
    m("run --train maybe", "auto, all, champion, none"),
    m("run --popular -5", "greater than or equal to 0"),
    m("run --popular many", "valid integer"),
    m("run --popular 20000", "10000"),
    m("run now", "unexpected extra argument"),
    m("run --movielens /nowhere.zip", "/nowhere.zip does not exist"),
    m("run --links /nowhere.zip", "/nowhere.zip does not exist"),
    m("deploy --movielens /nowhere.zip", "/nowhere.zip does not exist"),
    m("deploy --train sometimes", "champion"),
    m("evaluate --protocol lucky", "stratified"),
    m("evaluate -k 0", "greater than or equal to 1"),
    m("evaluate -k ten", "valid integer"),
    m("recommend", "Missing argument"),
    m("recommend ml_1 -k 0", "greater than or equal to 1"),
    m("sql select --format xml", "table"),
    m("tune", "Missing argument"),
    m("tune als --trials 0", "greater than or equal to 1"),
    m("rating-errors --folds 1", "greater than or equal to 2"),
    m("serve --port 0", "greater than or equal to 1"),
    m("serve --port http", "valid integer"),
    m("serve --workers 1000", "less than or equal to 64"),
    m("train als --set factors", "name=value"),
    m("train als ease --set factors=3", "exactly one model"),
    m("forget", "Missing argument"),
    # the settings
    m("releases", "PLAYBILL_LISTS__LENGTH", PLAYBILL_LISTS__LENGTH="fifty"),
    m("releases", "PLAYBILL_SERVING__PORT", PLAYBILL_SERVING__PORT="99999"),
    m("releases", "PLAYBILL_TRAINING__MODELS", PLAYBILL_TRAINING__MODELS='["als"'),
    m("releases", "PLAYBILL_TRAINING__MODELS", PLAYBILL_TRAINING__MODELS="als,ease"),
    m("releases", "'hybrid'", PLAYBILL_TRAINING__PUBLISHED="hybird"),
    m("releases", "'popularity'", PLAYBILL_TRAINING__MODELS='["hybird"]'),
    m("releases", "'stratified'", PLAYBILL_TRAINING__GATE="nxt"),
    m("releases", "did you mean PLAYBILL_DATA_DIR?", PLAYBILL_DATADIR="/tmp"),
    m("releases", "did you mean PLAYBILL_TRAINING__PUBLISHED?", PLAYBILL_TRAINING__PUBLISHD="als"),
    m("releases", "PLAYBILL_LOG_LEVEL", PLAYBILL_LOG_LEVEL="chatty"),
    m("releases", "PLAYBILL_TMDB__RATE", PLAYBILL_TMDB__RATE="0"),
    m("releases", "PLAYBILL_EVENTS__RULES", PLAYBILL_EVENTS__RULES="{like"),
    # services
    m("run", "no Prefect server answers", PREFECT_API_URL=f"{NOWHERE}/api"),
    m("deploy", "no Prefect server answers", PREFECT_API_URL=f"{NOWHERE}/api"),
    m("ingest --only-app", "SUPABASE", code=2, SUPABASE_URL=NOWHERE),
    m("ingest --only-app", "SUPABASE_URL", SUPABASE_URL="project", SUPABASE_SECRET_KEY="sb_secret_x"),
    m("ingest --only-app", "public one", SUPABASE_URL=NOWHERE, SUPABASE_SECRET_KEY="sb_publishable_x"),
    # an empty folder
    m("recommend ml_1", "no release yet", code=1),
    m("sql select", "no release yet", code=1),
    m("rollback", "no release yet", code=1),
    m("build", "playbill ingest", code=1),
    m("train", "playbill", code=1),
    m("promote", "playbill train", code=1),
    m("publish", "playbill train", code=1),
    m("serve", "no release yet", code=1),
    # a folder that serves
    m("recommend nobody", "holds no list for 'nobody'", code=1, served=True),
    m("sql selec", "syntax error", served=True),
    m("sql -f /nowhere.sql", "No such file", served=True),
    m("sql select -f x.sql", "give one of them", served=True),
    m("sql select -o /nowhere/out.csv", "choose another place", served=True),
    m("sql select -o /tmp", "give a file in it", served=True),
    m("sql from+release --format parquet", "give -o FILE", served=True),
    m("sql checkpoint", "give a SELECT", served=True),
    m("sql from+nothing", "`playbill sql .tables`", served=True),
    m("sql .oops", "there are .tables", served=True),
    m("sql attach+'x'", "give a SELECT", served=True),
    m("sql -- --only-a-comment", "for example: playbill sql", served=True),
    m("rollback 20200101T000000Z-000000", "no release is called", code=1, served=True),
    m("run --dataset sample", "--replace", served=True),
    m("train hybird", "hybrid", served=True, code=1),
]


@pytest.fixture(scope="module", autouse=True)
def narrow_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("PREFECT_"):
                patch.delenv(name)
        yield


def test_there_are_sixty() -> None:
    assert len(MISTAKES) >= 60
    assert len({(mistake.words, tuple(mistake.env.items()), mistake.served) for mistake in MISTAKES}) == len(MISTAKES)


def judge(mistake: Mistake, code: int, text: str) -> str:
    """Return what is wrong with the answer to a mistake, or nothing."""
    faults = []
    if code != mistake.code:
        faults.append(f"exit code {code}")
    told = [line for line in text.splitlines() if line.startswith("playbill: ")]
    if len(told) != 1 or not text.endswith(told[-1] + "\n") or "Traceback" in text:
        faults.append("not one line")
    if mistake.says not in text:
        faults.append(f"does not say {mistake.says!r}")
    if not any(step in text for step in NEXT_STEPS):
        faults.append("no next step")
    return f"{' '.join(mistake.words)} {mistake.env}: {', '.join(faults)}: {text}" if faults else ""


def tried(invoke: Invoke, mistakes: list[Mistake]) -> list[str]:
    found = []
    for mistake in mistakes:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in mistake.env.items():
                patch.setenv(name, value)
            code, text = invoke(*mistake.words)
        fault = judge(mistake, code, text)
        if fault:
            found.append(fault)
    return found


def test_mistakes_in_an_empty_folder(invoke: Invoke) -> None:
    faults = tried(invoke, [mistake for mistake in MISTAKES if not mistake.served])
    assert not faults, "\n".join(faults)


def test_mistakes_where_a_release_is_served(invoke: Invoke, published: list[str]) -> None:
    faults = tried(invoke, [mistake for mistake in MISTAKES if mistake.served])
    assert not faults, "\n".join(faults)


def test_back_to_what_is_served(invoke: Invoke, published: list[str]) -> None:
    code, text = invoke("rollback", published[1])
    assert code == 2
    assert text == f"playbill: {published[1]} is served already; `playbill releases` lists the others\n"


def test_a_used_port(invoke: Invoke, published: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, text = invoke("serve", "--port", str(port))
    assert code != 0
    assert str(port) in text.splitlines()[-1]
    assert "Traceback" not in text


def test_a_dead_mlflow_is_said_and_the_run_goes_on(
    invoke: Invoke, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOWHERE)
    assert invoke("ingest", "--movielens", str(make_set()))[0] == 0
    assert invoke("build")[0] == 0
    code, text = invoke("train", "popularity")
    assert code == 0
    assert "mlflow" in text.lower()
