"""Every protocol on a dozen ratings split by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.choice.evaluation.split import PROTOCOLS, Fold, Ratings, make_folds

# (user, item, stars, seconds) in file order, which is nobody's time order
ROWS = [
    (0, 4, 5.0, 50),
    (0, 0, 4.0, 10),
    (0, 2, 2.0, 30),
    (0, 3, 4.5, 40),
    (0, 1, 4.0, 10),
    (1, 2, 5.0, 12),
    (1, 0, 4.0, 11),
    (2, 1, 3.0, 60),
    (2, 3, 4.0, 61),
    (2, 0, 5.0, 62),
    (2, 2, 4.0, 63),
]


@pytest.fixture
def ratings() -> Ratings:
    users, items, stars, seconds = (np.array(column) for column in zip(*ROWS, strict=True))
    return Ratings(
        users.astype(np.int64),
        items.astype(np.int32),
        stars.astype(np.float32),
        seconds.astype(np.int64),
        3,
        5,
    )


def contents(fold: Fold) -> dict[int, tuple[list[int], list[int]]]:
    """Return user_idx to (history, relevant)."""
    return {
        int(user): (
            fold.histories.take([row]).item_idx.tolist(),
            fold.relevant_idx[fold.relevant_indptr[row] : fold.relevant_indptr[row + 1]].tolist(),
        )
        for row, user in enumerate(fold.users)
    }


def learned(fold: Fold) -> dict[int, list[int]]:
    return {user: fold.train.take([user]).item_idx.tolist() for user in range(len(fold.train))}


def test_next_asks_for_the_last_fifth_and_ties_go_by_film(ratings: Ratings) -> None:
    (fold,) = make_folds("next", ratings)
    assert contents(fold) == {0: ([0, 1, 2, 3], [4]), 1: ([0], [2]), 2: ([1, 3, 0], [2])}
    assert learned(fold) == {0: [0, 1, 2, 3], 1: [0], 2: [1, 3, 0]}


def test_next_validates_on_the_fifth_before(ratings: Ratings) -> None:
    (fold,) = make_folds("next", ratings, "validation")
    assert contents(fold) == {0: ([0, 1, 2], [3]), 2: ([1, 3], [0])}
    assert learned(fold) == {0: [0, 1, 2], 1: [], 2: [1, 3]}


def test_last_out_asks_for_the_last_positive_of_who_has_three(ratings: Ratings) -> None:
    (fold,) = make_folds("last-out", ratings)
    assert contents(fold) == {0: ([0, 1, 2, 3], [4]), 2: ([1, 3, 0], [2])}
    (fold,) = make_folds("last-out", ratings, "validation")
    assert contents(fold) == {0: ([0, 1, 2], [3]), 2: ([1, 3], [0])}
    assert learned(fold)[1] == [0, 2]


@pytest.mark.parametrize(
    ("protocol", "nth"), [*((name, 1) for name in PROTOCOLS), *(("stratified", n) for n in (2, 3))]
)
def test_no_validation_part_knows_a_test_rating(protocol: str, nth: int) -> None:
    tests, folds = make_folds(protocol, many()), make_folds(protocol, many(), "validation", nth=nth)
    for test, fold in zip(tests, folds, strict=True):
        asked = set(zip(test.users[test.asked.owner].tolist(), test.asked.item_idx.tolist(), strict=True))
        for rows, people in ((fold.train, np.arange(60)), (fold.histories, fold.users), (fold.asked, fold.users)):
            assert not asked & set(zip(people[rows.owner].tolist(), rows.item_idx.tolist(), strict=True))
        for user, (history, relevant) in contents(fold).items():
            assert relevant
            assert not set(relevant) & {*history, *learned(fold)[user]}


def test_stratified_draws_its_validation_part_again_and_no_other_protocol_does() -> None:
    draws = [make_folds("stratified", many(), "validation", nth=nth) for nth in (1, 2)]
    assert all(contents(first) != contents(second) for first, second in zip(*draws, strict=True))
    for protocol in PROTOCOLS:
        refused = [(0, "validation"), (2, "test")] + ([] if protocol == "stratified" else [(2, "validation")])
        for nth, part in refused:
            with pytest.raises(ValueError, match=f"{part} part has no draw {nth}"):
                make_folds(protocol, many(), part, nth=nth)


def test_stratified_draws_within_each_film_in_file_order(ratings: Ratings) -> None:
    folds = make_folds("stratified", ratings)
    assert len(folds) == 5
    for seed, fold in enumerate(folds):
        draws = np.random.RandomState(seed).rand(len(ROWS))
        asked = []
        for film in range(5):
            rows = sorted((row for row in range(len(ROWS)) if ROWS[row][1] == film), key=lambda row: draws[row])
            asked += rows[round(0.75 * len(rows)) :]
        expected: dict[int, set[int]] = {}
        for row in asked:
            expected.setdefault(ROWS[row][0], set()).add(ROWS[row][1])
        assert {user: set(relevant) for user, (_, relevant) in contents(fold).items()} == expected


def test_stratified_validation_is_carved_from_the_train_part(ratings: Ratings) -> None:
    test, validation = make_folds("stratified", ratings)[2], make_folds("stratified", ratings, "validation")[2]
    train = learned(test)
    for user, (history, relevant) in contents(validation).items():
        assert sorted(history + relevant) == sorted(train[user])


def test_temporal_cuts_once_and_folds_newcomers_in(ratings: Ratings) -> None:
    # the ninth of the eleven ratings (0.8 × 11 = 8.8) in time order was given at second 61
    (fold,) = make_folds("temporal", ratings)
    assert learned(fold) == {0: [0, 1, 2, 3, 4], 1: [0, 2], 2: [1]}
    assert contents(fold) == {2: ([1], [0, 2, 3])}
    (fold,) = make_folds("temporal", ratings, "validation")
    # of the eight before, the seventh (0.8 × 8 = 6.4) was given at second 50
    assert learned(fold) == {0: [0, 1, 2, 3], 1: [0, 2], 2: []}
    assert contents(fold) == {0: ([0, 1, 2, 3], [4])}


def test_temporal_newcomers_bring_the_first_half() -> None:
    times = np.array([1, 2, 3, 4, 5, 6, 7, 8, 100, 101, 102])
    users = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1])
    items = np.array([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2])
    ratings = Ratings(users, items.astype(np.int32), np.full(11, 5.0, np.float32), times, 2, 8)
    (fold,) = make_folds("temporal", ratings)
    assert learned(fold) == {0: [0, 1, 2, 3, 4, 5, 6, 7], 1: []}
    assert contents(fold) == {1: ([0], [1, 2])}


def test_strong_learns_nothing_of_the_users_it_asks_about(ratings: Ratings) -> None:
    (fold,) = make_folds("strong", ratings, seed=1)
    (user,) = fold.users
    assert learned(fold)[int(user)] == []
    (validation,) = make_folds("strong", ratings, "validation", seed=1)
    assert set(validation.users).isdisjoint(fold.users)
    assert learned(validation)[int(user)] == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("part", ["test", "validation"])
def test_what_is_asked_was_never_learned_nor_seen(protocol: str, part: str, ratings: Ratings) -> None:
    for fold in make_folds(protocol, ratings, part):
        for user, (history, relevant) in contents(fold).items():
            assert relevant
            assert not set(relevant) & set(history)
            assert not set(relevant) & set(learned(fold)[user])


@pytest.mark.parametrize("protocol", ["next", "last-out", "temporal", "strong"])
def test_validation_never_asks_for_a_test_rating(protocol: str, ratings: Ratings) -> None:
    asked = {}
    for part in ("test", "validation"):
        (fold,) = make_folds(protocol, ratings, part)
        asked[part] = set(zip(fold.users[fold.asked.owner].tolist(), fold.asked.item_idx.tolist(), strict=True))
        if part == "validation":
            rows = zip(fold.train.owner.tolist(), fold.train.item_idx.tolist(), strict=True)
            assert not asked["test"] & set(rows)
    assert not asked["test"] & asked["validation"]


def test_an_unknown_protocol_is_named(ratings: Ratings) -> None:
    with pytest.raises(ValueError, match="no protocol is called 'first'"):
        make_folds("first", ratings)
    with pytest.raises(ValueError, match="'train'"):
        make_folds("next", ratings, "train")


def many(n_users: int = 60) -> Ratings:
    rng = np.random.default_rng(6)
    rows = [
        (user, int(item), float(rng.integers(1, 11)) / 2, int(rng.integers(0, 30)))
        for user in range(n_users)
        for item in rng.choice(40, 12, replace=False)
    ]
    users, items, stars, seconds = (np.array(column) for column in zip(*rows, strict=True))
    return Ratings(users, items.astype(np.int32), stars.astype(np.float32), seconds, n_users, 40)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("part", ["test", "validation"])
def test_a_draw_asks_some_of_the_same_people_the_same_and_all_are_learned_from(protocol: str, part: str) -> None:
    everybody, drawn = make_folds(protocol, many(), part, 3), make_folds(protocol, many(), part, 3, 7)
    again = make_folds(protocol, many(), part, 3, 7)
    other = make_folds(protocol, many(), part, 4, 7)
    for whole, fold, twin in zip(everybody, drawn, again, strict=True):
        assert len(fold.users) == min(7, len(whole.users))
        assert (np.diff(fold.users) > 0).all()
        assert contents(fold) == {user: both for user, both in contents(whole).items() if user in fold.users}
        assert learned(fold) == learned(whole)
        assert fold.asked.lengths.tolist() == whole.asked.lengths[np.isin(whole.users, fold.users)].tolist()
        assert fold.users.tolist() == twin.users.tolist()
    assert any(a.users.tolist() != b.users.tolist() for a, b in zip(drawn, other, strict=True))
    if protocol == "stratified":
        # whoever has nothing to be asked for in a fold is replaced in that fold alone
        assert len(set.intersection(*(set(fold.users) for fold in drawn))) >= 6


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if name != "stratified"])
def test_rows_in_time_order_and_in_any_order_are_split_alike(protocol: str) -> None:
    rows = many()
    order = np.lexsort((rows.item_idx, rows.rated_at, rows.user_idx))
    in_order = Ratings(
        rows.user_idx[order], rows.item_idx[order], rows.rating[order], rows.rated_at[order], rows.n_users, rows.n_items
    )
    for whole, fold in zip(make_folds(protocol, rows), make_folds(protocol, in_order), strict=True):
        assert contents(whole) == contents(fold)
        assert learned(whole) == learned(fold)
