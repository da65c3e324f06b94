from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.choice.recipes import make_model
from pipelines.jobs.build import build
from pipelines.jobs.ingest import ingest
from pipelines.lists.rank import Ranker
from pipelines.people.reader import read_films, read_people
from pipelines.settings import Settings
from pipelines.sources.supabase.live import LiveRating
from serving.lists.making import Rated, fingerprint_of, make_list, merge, stored_rows
from serving.snapshot import Snapshot
from tests.serving.conftest import settings_of
from tests.serving.releases import PEOPLE
from warehouse.release_reader import StoredHistory
from warehouse.store import ReleaseStore


def test_the_live_list_of_a_stored_history_is_the_stored_list(tiny_data: Path) -> None:
    settings = settings_of(tiny_data)
    snapshot = Snapshot(ReleaseStore(settings.folder).current(), settings.serving)
    for user in PEOPLE:
        stored, history = snapshot.find(user), snapshot.history_of(user)
        assert stored is not None
        assert history is not None
        live = make_list(
            snapshot.ranker, stored_rows(history), length=4, explained=10, generated_us=stored.generated_us
        )  # fmt: skip
        assert live.places == stored.places
        assert live.sources == stored.sources
        assert live.scores == pytest.approx(stored.scores, rel=1e-5)
        assert [[place for place, _ in entry or []] for entry in live.because] == [
            [place for place, _ in entry or []] for entry in stored.because
        ]


@pytest.mark.parametrize("name", ["als", "hybrid"])
def test_one_by_one_equals_all_at_once_on_the_sample(settings: Settings, name: str) -> None:
    ingest(settings, "a-run")
    build(settings, "a-run")
    people, films = read_people(settings.folder), read_films(settings.folder)
    histories = people.histories_in(films)
    model, popularity = make_model(name).fit(histories, films), make_model("popularity").fit(histories, films)
    ranker = Ranker.of(model, popularity, films)  # type: ignore[arg-type]
    finished = ranker.rank(people, length=20, explained=10)
    for row in range(0, len(people.user_ids), 40):
        history = people.histories.take([row])
        ids = people.movie_ids[history.item_idx].tolist()
        rows = [Rated(*one) for one in zip(ids, history.ratings.tolist(), history.rated_at.tolist(), strict=True)]
        live = make_list(ranker, rows, length=20, explained=10, generated_us=0)
        items, scores = finished.lists.row(row)
        assert live.scores == pytest.approx(scores.tolist(), rel=1e-4, abs=1e-4)
        # films a rounding apart may change places, and no others
        places = np.array(live.places)
        moved = places != items
        assert sorted(live.places) == sorted(items.tolist()) or moved.sum() <= 1
        for at in np.flatnonzero(moved):
            neighbours = scores[max(0, at - 1) : at + 2]
            assert np.ptp(neighbours) < 2e-3


def live(movie_id: int, rating: float, seconds: int) -> LiveRating:
    return LiveRating(movie_id, rating, seconds)


def stored(*rows: tuple[int, float, int, str]) -> StoredHistory:
    ids, stars, seconds, sources = (list(column) for column in zip(*rows, strict=True))
    return StoredHistory(ids, stars, seconds, sources, 0)


def test_merging_takes_supabase_as_it_is_now() -> None:
    known = stored((1, 3.0, 10, "supabase"), (2, 4.0, 20, "supabase"), (3, 2.0, 30, "events"))
    # film 1 was rated anew, film 2 is deleted, film 4 is new; what events said stays
    assert merge([live(1, 5.0, 99), live(4, 1.0, 98)], known) == [
        Rated(1, 5.0, 99), Rated(3, 2.0, 30), Rated(4, 1.0, 98),
    ]  # fmt: skip


def test_merging_takes_the_later_of_two_sources() -> None:
    known = stored((1, 3.0, 50, "events"), (2, 3.0, 10, "movielens"), (3, 3.0, 90, "movielens+supabase"))
    assert merge([live(1, 5.0, 40), live(2, 5.0, 40), live(3, 5.0, 40)], known) == [
        Rated(1, 3.0, 50), Rated(2, 5.0, 40), Rated(3, 5.0, 40),
    ]  # fmt: skip
    # deleted in Supabase: what it had part in is gone, what others said alone stays
    assert merge([], known) == [Rated(1, 3.0, 50), Rated(2, 3.0, 10)]


def test_merging_with_nothing() -> None:
    assert merge([], None) == []
    assert merge([live(7, 4.0, 1)], None) == [Rated(7, 4.0, 1)]


def test_the_fingerprint_is_the_releases(tiny_data: Path) -> None:
    settings = settings_of(tiny_data)
    snapshot = Snapshot(ReleaseStore(settings.folder).current(), settings.serving)
    history = snapshot.history_of("ml_3")
    assert history is not None
    rows = stored_rows(history)
    assert fingerprint_of(rows) == fingerprint_of(rows[::-1]) == history.fingerprint
    assert fingerprint_of([*rows[:-1], rows[-1]._replace(rating=1.0)]) != history.fingerprint
    assert fingerprint_of([]) == 0
