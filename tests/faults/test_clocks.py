"""A clock that is wrong for a while: nothing that was served is pruned or shadowed, and nothing is read as newer."""

from __future__ import annotations

import json

import pytest

from tests import tally
from tests.faults.conftest import House
from tests.faults.test_kills import RUN

pytestmark = pytest.mark.slow

TO_2030 = 365 * 4
TO_2001 = -365 * 25
NOTHING_KEPT = {"PLAYBILL_RELEASES__KEEP": "2", "PLAYBILL_RELEASES__DAILY": "0"}


@pytest.mark.parametrize("away", [TO_2030, TO_2001])
def test_a_run_under_a_wrong_clock_and_one_after_it(house: House, away: int) -> None:
    first, known = house.current, set(house.hashes)
    house.own |= NOTHING_KEPT
    with tally.attempt("a wrong clock: a run, then one with the right time"):
        then = house.playbill(RUN, ahead_days=away)
        assert then.code == 0, then.err
        away_release = house.current
        assert away_release[:4] in ("2030", "2001")
        assert first in house.releases, "the release that was served was pruned"
        now = house.playbill(RUN)
        assert now.code == 0, now.err
        assert house.current not in (first, away_release), "the run under the wrong clock shadows this one"
        assert house.releases[:2] == [house.current, away_release]
        assert {name for name in known if name.startswith("lake/movielens")} <= set(house.hashes)
        back = house.playbill("rollback")
        assert back.code == 0, back.err
        assert house.current == away_release, "`rollback` does not go back to what was served before"


def test_the_set_ingested_under_a_wrong_clock_is_not_the_newest_for_ever(house: House) -> None:
    with tally.attempt("a wrong clock: another data set, then this one again"):
        house.own["PLAYBILL_TRAINING__MODELS"] = '["popularity"]'
        for command, days in (
            ("ingest --dataset sample --replace", TO_2030),
            ("ingest --movielens {set} --replace", 0),
        ):
            done = house.playbill(command, ahead_days=days)
            assert done.code == 0, done.err
        done = house.playbill("build", "publish")
        assert done.code == 0, done.err
        manifest = json.loads((house.data / "releases" / house.current / "manifest.json").read_text())
        assert manifest["dataset"] == "ml-latest-small"


def test_an_enrichment_from_2030_does_not_keep_tmdb_from_being_asked(house: House) -> None:
    """What was asked in 2030 is due once it is as old as TMDB allows by either clock, and the lake is as it was."""
    before = house.tables["tmdb_mapping"]
    with tally.attempt("a wrong clock: TMDB asked in 2030"):
        for days in (TO_2030, 0):
            done = house.playbill("enrich", ahead_days=days)
            assert done.code == 0, done.err
        done = house.playbill(RUN)
        assert done.code == 0, done.err
        assert house.tables["tmdb_mapping"].equals(before)
        assert house.faults() == []
