from __future__ import annotations

import numpy as np
import pytest

from pipelines.lists.rank import POPULAR, Ranker, rank
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


def test_a_ranker_and_the_one_call_agree() -> None:
    once = rank(axes_model(), popularity(), PERSON, FILMS, length=6, explained=10)
    kept = ranker().rank(PERSON, length=6, explained=10)
    assert once.movie_ids.tolist() == kept.movie_ids.tolist()
    assert once.because.to_pylist() == kept.because.to_pylist()


def test_nobody_makes_no_lists_and_an_empty_history_popular_ones() -> None:
    newcomer = people_of({"a": PEOPLE["ml_1"], "b": PEOPLE["ml_2"]})
    empty = type(newcomer)(["x"], newcomer.histories.take([]), newcomer.movie_ids, newcomer.sources)
    assert len(ranker().rank(empty, length=3, explained=1).lists) == 0
