"""A shard damaged between ranking and loading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.engine.local import rank_everybody
from pipelines.settings import Settings
from tests import tally
from tests.conftest import SetMaker
from tests.pipelines.jobs.test_publish_changed import first_release, full_publish, publishing, rows_of
from warehouse.errors import DamagedFileError
from warehouse.store import ReleaseStore

pytestmark = pytest.mark.slow


@pytest.fixture
def plain(run_settings: Settings) -> Settings:
    return publishing(run_settings, "covisitation")


HOWS = ("truncated", "emptied", "flipped", "garbage", "removed")


def damaged_after(how: str, at: float) -> Any:
    """Return a ranking whose first shard is damaged when it is done."""

    def rank(*args: Any, **kwargs: Any) -> list[Path]:
        files = rank_everybody(*args, **kwargs)
        content = bytearray(files[0].read_bytes())
        place = int(len(content) * at)
        if how == "removed":
            files[0].unlink()
        elif how == "flipped":
            content[place] ^= 0xFF
            files[0].write_bytes(content)
        else:
            kept = {"truncated": bytes(content[:place]), "emptied": b"", "garbage": b"\xff\x00garbage" * 50}
            files[0].write_bytes(kept[how])
        return files

    return rank


@pytest.mark.parametrize("how", HOWS)
def test_a_shard_damaged_between_ranking_and_loading(
    plain: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """It is refused by its name, or the rows are the right ones all the same; never other rows than were ranked."""
    first, store = first_release(plain, make_set()), ReleaseStore(plain.folder)
    expected = rows_of(plain, first)["recommendation_lists"]
    lost, served = [], first
    for at in (0.1, 0.4, 0.8) if how in ("flipped", "truncated") else (0.5,):
        with monkeypatch.context() as patched:
            patched.setattr("pipelines.jobs.edition.rank_everybody", damaged_after(how, at))
            try:
                with tally.attempt(f"shard {how}"):
                    try:
                        served = full_publish(plain)
                    except DamagedFileError as error:
                        assert "shard-00000.parquet is damaged" in str(error)
                    assert store.current_id() == served
                    assert rows_of(plain, served)["recommendation_lists"] == expected
            except AssertionError as error:
                lost.append(f"{how} at {at}: {str(error)[:300]}")
    assert not lost, "\n".join(lost)
    healed = full_publish(plain)
    assert store.current_id() == healed
    assert rows_of(plain, healed)["recommendation_lists"] == expected
    assert not list(plain.folder.releases.glob(".*.tmp"))
