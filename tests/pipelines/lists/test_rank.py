from __future__ import annotations

from itertools import chain

import numpy as np
import pytest

from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.films.films import Films
from pipelines.lists.rank import POPULAR, Ranker
from pipelines.lists.shard import rank_shard
from pipelines.models.popularity import PopularityModel
from tests.serving.releases import (
    ALIEN,
    ALIENS,
    AMELIE,
    BRAZIL,
    GRAVITY,
    MOON,
    PEOPLE,
    SOLARIS,
    STALKER,
    axes_model,
    film_table,
    people_of,
)

FILMS = film_table()
PERSON = people_of({"ml_1": PEOPLE["ml_1"], "ml_2": PEOPLE["ml_2"]})


def popularity() -> PopularityModel:
    everybody = people_of(PEOPLE)
    return PopularityModel().fit(everybody.histories_in(FILMS), FILMS)


def ranker() -> Ranker:
    return Ranker.of(axes_model(), popularity(), FILMS)


def listed(length: int, allowed: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None) -> list[int]:
    ranked = ranker().rank(PERSON, length=length, explained=10, allowed=allowed)
    ids: list[int] = ranked.movie_ids[: ranked.lists.indptr[1]].tolist()
    return ids


def test_the_models_films_come_first_then_popular_ones() -> None:
    assert listed(4) == [SOLARIS, MOON, GRAVITY, BRAZIL]
    # nobody rated Stalker: it fills the end
    assert (len(listed(50)), listed(50)[-1]) == (8, STALKER)


def test_sources_tell_the_model_from_what_filled_up() -> None:
    ranked = ranker().rank(PERSON, length=8, explained=10)
    sources = ranked.sources.to_pylist()[:8]
    assert sources[-1] == POPULAR
    assert POPULAR not in sources[:-1]


def test_only_what_is_allowed_is_listed() -> None:
    allowed = np.isin(FILMS.movie_ids, [ALIEN, GRAVITY, AMELIE, STALKER])
    # Alien was rated
    assert listed(10, allowed) == [GRAVITY, AMELIE, STALKER]
    assert listed(10, np.zeros(len(FILMS), dtype=bool)) == []


def test_reasons_are_the_films_of_ones_own_with_their_shares() -> None:
    ranked = ranker().rank(PERSON, length=4, explained=2)
    because = ranked.because.to_pylist()
    assert [len(entries) for entries in because] == [2, 2]
    first = {reason["movie_id"]: reason["share"] for reason in because[0][0]}
    # what each adds to the sum: 0.9 * (1 + 5/5) and 0.8 * (1 + 4/5)
    assert first == {ALIEN: pytest.approx(1.8 / 3.24), ALIENS: pytest.approx(1.44 / 3.24)}


def test_a_shard_is_the_lists_as_arrow() -> None:
    finished = ranker().rank(PERSON, length=6, explained=2)
    shard = rank_shard(ranker(), PERSON, length=6, explained=2).to_pydict()
    assert shard["user_id"] == ["ml_1", "ml_2"]
    assert list(chain(*shard["movie_ids"])) == finished.movie_ids.tolist()
    assert list(chain(*shard["scores"])) == finished.lists.scores.tolist()
    assert list(chain(*shard["sources"])) == finished.sources.to_pylist()
    assert shard["because"] == finished.because.to_pylist()
    assert [len(films) for films in shard["because"]] == [2, 2]


@pytest.mark.parametrize("length", [1, 5, 8, 50])
def test_scores_never_rise_within_a_list(length: int) -> None:
    everybody = people_of(PEOPLE)
    finished = ranker().rank(everybody, length=length, explained=1)
    for row in range(len(finished.lists)):
        assert (np.diff(finished.lists.row(row)[1]) <= 0).all()


def test_what_continues_a_list_begins_under_it() -> None:
    nothing_left = np.isin(FILMS.movie_ids, [STALKER])
    finished = ranker().rank(PERSON, length=3, explained=1, allowed=nothing_left, below=0.25)
    assert finished.sources.to_pylist() == [POPULAR, POPULAR]
    assert finished.lists.scores.max() <= 0.25


def blend(**weights: float) -> HybridModel:
    return HybridModel(HybridConfig(weights=weights))


@pytest.mark.parametrize(
    ("source", "weights"),
    [
        ("content_based", {"content": 1.0, "ease": 1e-6}),
        ("popular", {"popularity": 1.0, "ease": 1e-6}),
        ("hybrid", {"ease": 1.0, "content": 1e-6, "popularity": 1e-6}),
    ],
)
def test_sources_name_whose_word_counts_most(source: str, weights: dict[str, float]) -> None:
    everybody = people_of(PEOPLE)
    model = blend(**weights).fit(everybody.histories_in(FILMS), FILMS)
    finished = Ranker.of(model, popularity(), FILMS).rank(PERSON, length=1, explained=1)
    assert finished.sources.to_pylist()[0] == source


def test_films_the_release_does_not_hold_are_not_listed() -> None:
    fewer = Films(FILMS.movie_ids[FILMS.movie_ids != SOLARIS])
    finished = Ranker.of(axes_model(), popularity(), fewer).rank(PERSON, length=3, explained=1)
    assert finished.movie_ids[:3].tolist() == [MOON, GRAVITY, BRAZIL]


def test_nobody_makes_no_lists_and_an_empty_history_popular_ones() -> None:
    newcomer = people_of({"a": PEOPLE["ml_1"], "b": PEOPLE["ml_2"]})
    empty = type(newcomer)(["x"], newcomer.histories.take([]), newcomer.movie_ids, newcomer.sources)
    assert len(ranker().rank(empty, length=3, explained=1).lists) == 0
