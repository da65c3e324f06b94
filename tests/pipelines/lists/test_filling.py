from __future__ import annotations

import numpy as np

from pipelines.films.films import Films
from pipelines.lists.filling import fill_up, filling_order
from pipelines.models.parts.top_k import Lists
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import Histories

FILMS = Films(np.array([10, 20, 30, 40, 50]))


def order() -> Lists:
    # film 30 has three ratings, film 20 has one, the others none
    histories = Histories.from_columns([0, 1, 2, 0], [2, 2, 2, 1], [4, 4, 4, 4], [1, 1, 1, 1], 3)
    return filling_order(PopularityModel().fit(histories, FILMS), FILMS)


def test_popular_films_first_then_those_nobody_rated_by_id() -> None:
    found = order()
    assert [FILMS.movie_ids[i] for i in found.item_idx] == [30, 20, 10, 40, 50]
    assert found.scores[2] == 0


def test_short_lists_are_filled_with_what_was_not_seen() -> None:
    lists = Lists(np.array([0, 1, 1, 4]), np.array([3, 0, 1, 2], np.int32), np.array([0.9, 3, 2, 1], np.float32))
    seen = Histories.from_columns([0, 1, 1, 1, 1], [2, 0, 1, 2, 3], np.ones(5), np.ones(5), 3)
    full, filled = fill_up(lists, seen, order(), 3)
    assert [full.row(row)[0].tolist() for row in range(3)] == [[3, 1, 0], [4], [0, 1, 2]]
    assert filled.tolist() == [False, True, True, True, False, False, False]


def test_nobody_is_legal() -> None:
    full, filled = fill_up(Lists.concatenate([]), Histories.from_columns([], [], [], [], 0), order(), 3)
    assert (len(full), len(filled)) == (0, 0)


def test_fillers_never_score_above_what_they_follow() -> None:
    lists = Lists(np.array([0, 2, 2]), np.array([3, 0], np.int32), np.array([-1.5, -2], np.float32))
    seen = Histories.from_columns([], [], [], [], 2)
    full, filled = fill_up(lists, seen, order(), 5)
    first, second = full.row(0)[1], full.row(1)[1]
    assert filled.tolist() == [False, False, True, True, True] + [True] * 5
    assert (np.diff(first) <= 0).all()
    # film 30 is the most popular: it comes right behind, at the last one's score
    assert first[1] == first[2] == -2
    # nobody rated film 50: it misses all of the most popular one's share
    assert first[4] == -3
    assert second.tolist() == order().scores.tolist()


def test_a_list_of_fillers_may_continue_another_one() -> None:
    nothing = Lists(np.zeros(2, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    full, _ = fill_up(nothing, Histories.single([], [], []), order(), 3, below=0.5)
    assert full.scores[0] == 0.5
    assert (np.diff(full.scores) <= 0).all()


def test_full_lists_are_cut_without_a_look_at_fillers() -> None:
    lists = Lists(np.array([0, 3, 5]), np.array([0, 1, 2, 3, 4], np.int32), np.arange(5, 0, -1, dtype=np.float32))
    full, filled = fill_up(lists, Histories.from_columns([], [], [], [], 2), order(), 2)
    assert [full.row(row)[0].tolist() for row in range(2)] == [[0, 1], [3, 4]]
    assert not filled.any()
