"""`playbill forget` as a person meets it: it asks, says what goes, and knows who is nobody."""

from __future__ import annotations

import json

import pytest

from pipelines.people.suppression import suppressed
from pipelines.settings import Settings
from tests.flows.conftest import Invoke
from warehouse.store import ReleaseStore


def test_it_wants_a_yes(invoke: Invoke, published: list[str], run_settings: Settings) -> None:
    code, text = invoke("forget", "ml_7")
    assert code == 2
    assert text == "playbill: forget cannot be undone: give --yes to forget 'ml_7', or --dry-run to see what would go\n"
    assert not suppressed(run_settings.folder)


@pytest.mark.parametrize(("answer", "code"), [("n\n", 2), ("y\n", 0)])
def test_it_asks_on_a_terminal(
    answer: str,
    code: int,
    invoke: Invoke,
    published: list[str],
    run_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question: answer.startswith("y"))
    assert invoke("forget", "ml_7")[0] == code
    assert len(suppressed(run_settings.folder)) == (code == 0)


def test_what_goes_store_by_store(invoke: Invoke, published: list[str], run_settings: Settings) -> None:
    code, text = invoke("forget", "7", "--dry-run", "--json")
    dry = json.loads(text)
    assert (code, dry["dry_run"], dry["user_id"], dry["releases"]) == (0, True, "ml_7", list(reversed(published)))
    # 16 ratings in the interactions, and in each landed batch of the set
    batches = len(list(run_settings.folder.batches("movielens").iterdir()))
    rows = {one["store"]: one["rows"] for one in dry["looked"]}
    assert (rows["landed MovieLens"], rows["interactions"], rows["archived logs"]) == (16 * batches, 16, 0)
    assert not suppressed(run_settings.folder)
    code, text = invoke("forget", "ml_7", "--yes")
    assert code == 0
    assert "landed MovieLens" in text
    assert "2 published releases hold them" in text
    served = ReleaseStore(run_settings.folder).current()
    assert served.release_id not in published
    assert f"Release {served.release_id} is served now: the one before, without them." in text
    assert (served.manifest["users"], served.manifest["ratings"]) == (59, 59 * 16)
    assert "ml_7: They are not served any more, and no later release holds them." in text
    code, text = invoke("recommend", "ml_7")
    assert (code, "holds no list for 'ml_7'" in text) == (1, True)


def test_nobody(invoke: Invoke, published: list[str], run_settings: Settings) -> None:
    code, text = invoke("forget", "bob", "--yes")
    assert (code, text.count("\n")) == (1, 1)
    assert "nobody is called 'bob' in the lake, the warehouse, the quarantine or a release" in text
    assert not suppressed(run_settings.folder)
