"""One pass over the channels gives what each of them says on its own, worked out the plain way."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.blend.channels import Channel, channels_of, split_name
from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.blend.kernel import FEW
from pipelines.blend.one_pass import PART, OnePass, candidate_scores
from pipelines.films.films import Films
from pipelines.lists.rank import recommend
from pipelines.people.history import Histories

N_PEOPLE, N_ITEMS = 70, 200
WEIGHTS = {
    "als": 0.5, "als.likes": 0.2, "bpr": 0.1, "covisitation": 0.6, "covisitation.last": 0.3, "ease": 0.4,
    "ease.dislikes": -0.2, "ease.likes": 0.2, "popularity": 0.1, "svd": 0.1,
}  # fmt: skip
MEMBERS = {"als": {"factors": 6}, "bpr": {"factors": 6, "iterations": 20}, "svd": {"factors": 6}}


def crowd() -> Histories:
    """Seventy people of very different activity; the last two rated nothing, and the last film was never rated."""
    rng = np.random.default_rng(5)
    chance = rng.random(N_PEOPLE) ** 3 * np.linspace(1, 0.1, N_ITEMS)[:, None]
    items, users = np.nonzero(rng.random((N_ITEMS, N_PEOPLE)) < 0.5 * chance)
    kept = (users < N_PEOPLE - 2) & (items < N_ITEMS - 1)
    users, items = users[kept], items[kept]
    stars = rng.choice(np.arange(0.5, 5.5, 0.5), len(users))
    return Histories.from_columns(users, items, stars, rng.integers(0, 400, len(users)), N_PEOPLE)


@pytest.fixture(scope="module")
def histories() -> Histories:
    return crowd()


@pytest.fixture(scope="module")
def model(histories: Histories) -> HybridModel:
    films = Films(np.arange(N_ITEMS))
    return HybridModel(HybridConfig(weights=WEIGHTS, members=MEMBERS)).fit(histories, films)


def test_lists_are_the_best_of_the_plain_sum(model: HybridModel, histories: Histories) -> None:
    plain, lists = model.score(histories), recommend(model, histories, 25)
    for row in range(N_PEOPLE):
        items, scores = lists.row(row)
        best = np.sort(plain[row])[::-1][:25]
        np.testing.assert_allclose(scores, best[np.isfinite(best)], rtol=1e-3, atol=2e-4)
        np.testing.assert_allclose(plain[row, items], scores, rtol=1e-3, atol=2e-4)


def trust_of(channel: Channel, histories: Histories) -> list[float]:
    """Return what is believed of a channel for each history, written out: n² of n² + 4, by what each rating weighs."""
    if channel.model.name in ("content", "popularity"):
        return [1.0] * N_PEOPLE
    ratings = np.bincount(histories.item_idx, minlength=channel.model.n_items)
    found, weights = [], channel.weights(histories)
    for row in range(N_PEOPLE):
        part = slice(histories.indptr[row], histories.indptr[row + 1])
        n = ratings[histories.item_idx[part]]
        own = weights[part]
        found.append(float((own * n**2 / (n**2 + 4)).sum() / own.sum()) if own.sum() else 1.0)
    return found


def test_every_channel_says_what_it_says_alone(model: HybridModel, histories: Histories) -> None:
    found = candidate_scores(model, histories, 30)
    assert found.channels == sorted(WEIGHTS)
    assert found.says.shape == (len(found.lists.item_idx), len(WEIGHTS))
    owner = np.repeat(np.arange(N_PEOPLE), np.diff(found.lists.indptr))
    weights = np.array([WEIGHTS[name] for name in found.channels])
    np.testing.assert_allclose(found.says @ weights, found.lists.scores, rtol=1e-3, atol=1e-3)
    for column, channel in enumerate(channels_of(model)):
        raw = channel.model.score_weighed(histories, channel.weights(histories))
        values = np.where(np.isfinite(raw), raw, 0).astype(np.float64)
        trust = trust_of(channel, histories)
        counted = np.tile(channel.model.item_side().scored, (N_PEOPLE, 1))
        counted[histories.owner, histories.item_idx] = False
        for row in range(N_PEOPLE):
            ours = values[row, counted[row]]
            if ours.std() > 1e-6:
                expected = trust[row] * (values[row] - ours.mean()) / ours.std()
                part = owner == row
                np.testing.assert_allclose(
                    found.says[part, column], expected[found.lists.item_idx[part]], rtol=2e-3, atol=2e-3,
                    err_msg=channel.name,
                )  # fmt: skip


def test_reasons_are_the_exact_shares_of_what_spoke_for_the_film(model: HybridModel, histories: Histories) -> None:
    (*_, batch) = OnePass(model).batches(histories)
    lists = batch.best(12)
    reasons = batch.explain(lists, 5, 3)
    assert (np.diff(reasons.indptr) == np.minimum(np.diff(lists.indptr), 5)).all()
    for row in range(len(batch.histories)):
        history = batch.histories.take([row])
        listed = lists.row(row)[0][:5]
        added = np.zeros((len(listed), len(history.item_idx)))
        for number, channel in enumerate(channels_of(model)):
            if channel.weight <= 0 or not len(history.item_idx):
                continue
            side, weights = channel.model.item_side(), channel.weights(history)
            if hasattr(side, "matrix"):
                given = side.matrix[history.item_idx][:, listed].toarray().T * weights
            else:
                given = channel.model.fold_in(history, weights).contributions(0, listed)
            added += batch.gain[number, row] * given
        positive = np.maximum(added, 0)
        whole = positive.sum(axis=1, keepdims=True)
        expected = np.sort(np.divide(positive, whole, out=np.zeros_like(positive), where=whole > 0), axis=1)[:, ::-1]
        found = reasons.shares[reasons.indptr[row] : reasons.indptr[row + 1]]
        width = min(3, expected.shape[1])
        np.testing.assert_allclose(found[:, :width], expected[:, :width], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("size", [1, 7])
def test_the_batch_a_history_is_in_changes_rounding_at_most(
    model: HybridModel, histories: Histories, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = recommend(model, histories, 20)
    monkeypatch.setattr("pipelines.blend.one_pass.LARGEST_BATCH", size)
    split = recommend(model, histories, 20)
    assert (whole.indptr == split.indptr).all()
    # a product of matrices rounds by its shape; sparse sums do not depend on it
    np.testing.assert_allclose(whole.scores, split.scores, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "names",
    [["ease"], ["covisitation.last_three"], ["ease.likes"], ["covisitation", "ease", "ease.dislikes", "ease.likes"]],
)
def test_sparse_channels_do_not_depend_on_the_batch_to_the_bit(
    model: HybridModel, histories: Histories, names: list[str]
) -> None:
    parts = [(name, *split_name(name)) for name in names]
    alone = [Channel(name, model.members[kind], reading, WEIGHTS.get(name, 1.0)) for name, kind, reading in parts]
    together = candidate_scores(model, histories, 20, alone)
    for row in range(0, N_PEOPLE, 9):
        one = candidate_scores(model, histories.take([row]), 20, alone)
        np.testing.assert_array_equal(one.lists.item_idx, together.lists.row(row)[0])
        np.testing.assert_array_equal(one.lists.scores, together.lists.row(row)[1])


def test_readings_that_meet_few_films_say_what_those_that_meet_many_say() -> None:
    n_items, rng = 4_000, np.random.default_rng(11)
    lengths = np.tile([1, 3, 12, 120], 50)
    users = np.repeat(np.arange(len(lengths)), lengths)
    items = np.concatenate([rng.choice(n_items // 10, length, replace=False) for length in lengths])
    histories = Histories.from_columns(
        users, items, rng.choice([1.0, 3.0, 5.0], len(users)), rng.integers(0, 99, len(users)), len(lengths)
    )
    names = ("covisitation", "covisitation.likes", "covisitation.last_three", "covisitation.dislikes", "popularity")
    weights = {name: -0.4 if name.endswith("dislikes") else 0.6 for name in names}
    config = HybridConfig(weights=weights, members={"covisitation": {"neighbours": 40, "shrinkage": 0}})
    model = HybridModel(config).fit(histories, Films(np.arange(n_items)))
    met = np.diff(model.members["covisitation"].item_side().indptr)[items]  # type: ignore[union-attr]
    each = np.bincount(users, weights=met)
    assert (each * FEW < n_items).any()
    assert (each * FEW > n_items).any()
    plain, found = model.score(histories), recommend(model, histories, 60)
    for row in range(len(lengths)):
        places, scores = found.row(row)
        best = np.sort(plain[row])[::-1][:60]
        np.testing.assert_allclose(scores, best[np.isfinite(best)], rtol=1e-3, atol=2e-4)
        np.testing.assert_allclose(plain[row, places], scores, rtol=1e-3, atol=2e-4)


def test_threads_change_no_score(model: HybridModel, histories: Histories) -> None:
    many = histories.take(np.tile(np.arange(N_PEOPLE), 8))
    assert len(many) > 2 * PART
    ranking = OnePass(model)
    alone = [(batch.first, batch.best(9)) for batch in ranking.batches(many)]
    shared = list(ranking.each(many, lambda batch: (batch.first, batch.best(9))))
    assert [first for first, _ in shared] == [first for first, _ in alone]
    for (_, ours), (_, theirs) in zip(shared, alone, strict=True):
        np.testing.assert_array_equal(ours.item_idx, theirs.item_idx)
        np.testing.assert_array_equal(ours.scores, theirs.scores)


def test_memory_of_scores_does_not_grow_with_people(model: HybridModel, histories: Histories) -> None:
    many = histories.take(np.tile(np.arange(N_PEOPLE), 5))
    assert max(len(batch.histories) for batch in OnePass(model).batches(many)) <= 64


def test_a_film_only_a_dislike_leads_to_is_no_candidate(model: HybridModel) -> None:
    disliked = Histories.single([3, 5], [1.0, 0.5], [1, 2])
    weights = {"ease.dislikes": -1.0, "ease.likes": 1.0}
    channels = [Channel(name, model.members["ease"], name[5:], weight) for name, weight in weights.items()]
    assert len(candidate_scores(model, disliked, 10, channels).lists.item_idx) == 0
