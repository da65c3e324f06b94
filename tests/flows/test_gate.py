"""The gate through the front door: what is worse is refused, each for the reason that fits, and what is better is not.

The worse models are made here, as nobody's recipe says them: they are added to the catalogue for a test.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from pipelines.blend.catalogue import MODELS
from pipelines.choice.evaluation.report import evaluate as measure
from pipelines.choice.promotion import Case, compare, decide
from pipelines.choice.recipes import make_model
from pipelines.films.films import Films
from pipelines.jobs.build import build
from pipelines.jobs.evaluate import evaluate, side_of
from pipelines.jobs.ingest import ingest
from pipelines.jobs.measure import open_movielens
from pipelines.jobs.promote import promote
from pipelines.jobs.publish import publish
from pipelines.jobs.train import train
from pipelines.models.covisitation import CovisitationModel
from pipelines.models.parts.item_side import Neighbours
from pipelines.people.history import FloatArray, Histories
from pipelines.settings import Settings
from tests.conftest import RATINGS_HEADER, SetMaker, write_set
from tests.flows.conftest import Invoke
from tests.flows.test_chain import call
from warehouse import ledgers
from warehouse.query import ask, open_releases
from warehouse.store import ReleaseStore

pytestmark = pytest.mark.slow
"""Each trains and measures several times."""

SET = "ml-latest-small"


class ShuffledModel(CovisitationModel):
    """Learns from ratings that were dealt out anew among everybody."""

    name = "shuffled"

    def _fit(self, histories: Histories, films: Films) -> None:
        dealt = np.random.default_rng(0).permutation(histories.item_idx)
        super()._fit(
            Histories.from_columns(histories.owner, dealt, histories.ratings, histories.rated_at, len(histories)), films
        )


class SameTenModel(CovisitationModel):
    """Lists the same films for everybody, whatever they like."""

    name = "same-ten"

    def _item_side(self) -> Neighbours:
        scores = np.linspace(1, 0.01, self.n_items, dtype=np.float32)[::-1]
        return Neighbours.of(sp.csr_matrix(np.tile(scores, (self.n_items, 1))))


class ShortModel(CovisitationModel):
    """Knows one film to go with each film, and so of few ratings makes few recommendations."""

    name = "short"

    def _item_side(self) -> Neighbours:
        side = super()._item_side()
        whole = sp.csr_matrix((side.data, side.indices, side.indptr)).toarray()
        best = np.zeros_like(whole)
        rows = np.arange(len(whole))
        best[rows, whole.argmax(axis=1)] = whole.max(axis=1)
        return Neighbours.of(sp.csr_matrix(best.astype(np.float32)))


class ForgetfulModel(CovisitationModel):
    """As good as any for who rated much; to who rated little it recommends the opposite."""

    name = "forgetful"

    def history_weights(self, histories: Histories) -> FloatArray:
        weights = super().history_weights(histories)
        return np.where(histories.lengths[histories.owner] <= 5, -weights, weights).astype(np.float32)


@pytest.fixture
def worse(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The catalogue knows the worse models."""
    for model in (ShuffledModel, SameTenModel, ShortModel, ForgetfulModel):
        monkeypatch.setitem(MODELS, model.name, model)
    yield


def two_worlds(n_long: int = 150, n_short: int = 36) -> str:
    """Return ratings of people who like the even or the odd of 60 films: many ratings of some, six of others."""
    rng = np.random.default_rng(11)
    rows = [RATINGS_HEADER]
    for user in range(1, n_long + n_short + 1):
        world = np.arange(1, 31) + 30 * (user % 2)
        count = 18 if user <= n_long else 6
        # a person moves through their world from somewhere on, so that what comes next can be told
        films = np.roll(world, -int(rng.integers(30)))[:count]
        for place, film in enumerate(films):
            strayed = 61 - film if rng.random() < 0.2 else film
            rows.append(f"{user},{strayed},{4 + 0.5 * (place % 3):.1f},{1_000_000 + user * 1000 + place * 60}")
    return "\n".join(rows) + "\n"


def films_of(n_films: int = 60) -> dict[str, str | None]:
    movies, links = ["movieId,title,genres"], ["movieId,imdbId,tmdbId"]
    for film in range(1, n_films + 1):
        movies.append(f'{film},"Film {film}, The ({1950 + film})",{"Drama" if film <= 30 else "Action"}')
        links.append(f"{film},{100_000 + film:07d},{film + 500}")
    return {"movies_csv": "\n".join(movies) + "\n", "links_csv": "\n".join(links) + "\n", "tags_csv": None}


def decided(settings: Settings) -> dict[str, Any]:
    return ledgers.read(settings.folder, "promotion")[0]


@pytest.fixture(scope="module")
def served_by_als(tmp_path_factory: pytest.TempPathFactory, empty_mlflow: Path) -> Path:
    """A data folder in which ALS with few factors was promoted over popularity and is served; tests get copies."""
    home = tmp_path_factory.mktemp("als")
    (home / "mlruns").mkdir()
    shutil.copy(empty_mlflow, home / "mlruns" / "mlflow.db")
    settings, run_id = Settings(data_dir=home / "data", mlruns_dir=home / "mlruns"), "20260101T000000Z-aaaaaa"
    files = {name.replace("_", "."): text for name, text in films_of().items()}
    ingest(settings, run_id, movielens=write_set(home / f"{SET}.zip", {**files, "ratings.csv": two_worlds()}))
    build(settings, run_id)
    train(settings, run_id, models=("als",), overrides={"als": {"factors": 5}})
    evaluate(settings, run_id, protocols=("next",))
    assert promote(settings, run_id).promoted
    publish(settings, run_id)
    return home / "data"


@pytest.fixture
def champion(invoke: Invoke, run_settings: Settings, served_by_als: Path, worse: None) -> Invoke:
    """The command, in a folder that ALS serves."""
    shutil.copytree(served_by_als, run_settings.data_dir, symlinks=True, dirs_exist_ok=True)
    return invoke


@pytest.mark.parametrize(
    ("model", "words", "alone"),
    [
        pytest.param("popularity", "popularity does not beat als for certain", False, marks=pytest.mark.slow),
        pytest.param("shuffled", "shuffled does not beat als for certain", False, marks=pytest.mark.slow),
        pytest.param("same-ten", "ten films take", False, marks=pytest.mark.slow),
        pytest.param("same-ten", "same-ten lists", False, marks=pytest.mark.slow),
        pytest.param("short", "of short's lists are short of ten films", True, marks=pytest.mark.slow),
        ("forgetful", "people with at most five ratings lose", True),
    ],
)
def test_what_is_worse_is_refused_for_the_reason_that_fits(
    champion: Invoke, run_settings: Settings, model: str, words: str, alone: bool
) -> None:
    served = ReleaseStore(run_settings.folder).current()
    text = call(champion, "train", model)
    row = decided(run_settings)
    assert (row["case_name"], row["challenger"], row["champion"], row["promoted"]) == ("challenge", model, "als", False)
    assert words in " ".join(row["reasons"])
    assert all(reason in " ".join(text.split()) for reason in row["reasons"][:-1])
    assert row["release_id"] == served.release_id
    if alone:  # it wins on average, and the guard rail is all that stands against it
        assert row["low"] > 0
        assert sum(reason.startswith("refused") for reason in row["reasons"]) == 1


def test_what_is_better_takes_the_champions_place_and_a_refusal_is_recorded_whole(
    champion: Invoke, run_settings: Settings
) -> None:
    text = call(champion, "train", "covisitation")
    assert "promoted: covisitation beats als by" in text
    row = decided(run_settings)
    # recomputed from what the records are made of: nDCG of each side on its own, from the metrics ledger
    rows = [line for line in ledgers.read(run_settings.folder, "metrics") if line["run_id"] == row["run_id"]]
    measured = {line["model"]: line for line in rows if (line["metric"], line["segment"]) == ("ndcg", "all")}
    assert row["challenger_ndcg"] == pytest.approx(measured["covisitation"]["value"], abs=1e-6)
    assert row["champion_ndcg"] == pytest.approx(measured["champion"]["value"], abs=1e-6)
    assert row["difference"] == pytest.approx(row["challenger_ndcg"] - row["champion_ndcg"])
    assert measured["champion"]["n"] == row["n"] == 186
    call(champion, "publish")
    with open_releases(run_settings.folder) as con:
        assert ask(con, "SELECT challenger, champion, difference FROM promotion_log ORDER BY recorded_at").rows[1] == (
            "covisitation", "als", row["difference"],
        )  # fmt: skip


def test_a_refused_recipe_is_not_tried_every_night_and_the_same_night_tells_nothing_new(
    champion: Invoke, run_settings: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYBILL_TRAINING__PUBLISHED", "popularity")
    monkeypatch.setenv("PLAYBILL_TRAINING__MODELS", '["popularity"]')
    same = str(make_set(ratings_csv=two_worlds(), **films_of()))
    call(champion, "run", "--movielens", same, "--no-enrich")
    first = decided(run_settings)
    assert (first["case_name"], first["challenger"], first["promoted"]) == ("challenge", "popularity", False)
    served = ReleaseStore(run_settings.folder).current().manifest
    call(champion, "run", "--movielens", same, "--no-enrich")
    assert decided(run_settings) == first  # nothing was compared: that recipe was refused, and no rating is new
    again = ReleaseStore(run_settings.folder).current().manifest
    assert again["release_id"] != served["release_id"]
    assert again["arrays_from"] == served["arrays_from"]
    more = two_worlds() + "1,31,5.0,9000000\n2,32,5.0,9000000\n"
    call(champion, "run", "--movielens", str(make_set(ratings_csv=more, **films_of())), "--no-enrich")
    fresh = decided(run_settings)
    assert (fresh["case_name"], fresh["challenger"], fresh["promoted"]) == ("refresh", "als", True)
    assert fresh["overlap"] > 0.9
    assert ReleaseStore(run_settings.folder).current().manifest["arrays_from"] is None


def test_somebody_decides_over_the_gate_and_goes_back(
    champion: Invoke, run_settings: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    store = ReleaseStore(run_settings.folder)
    first = store.current()
    call(champion, "train", "als", "--set", "factors=2")
    refused = decided(run_settings)
    assert not refused["promoted"]
    code, text = champion("promote", "--because", " ")
    assert code == 2, text
    text = call(champion, "promote", "--because", "it is for a measurement")
    assert "promoted by ada over the gate: it is for a measurement" in text
    row = decided(run_settings)
    assert (row["case_name"], row["promoted"], row["decided_by"]) == ("override", True, "ada")
    assert row["because"] == "it is for a measurement"
    assert row["difference"] == refused["difference"]  # what it was decided over is told too
    call(champion, "publish")
    second = store.current()
    assert second.manifest["recipe"]["factors"] == 2

    text = call(champion, "rollback-model", "--because", "people complain")
    assert f"als of release {first.release_id} put back by ada: people complain" in text
    third = store.current()
    assert (third.manifest["arrays_from"], third.manifest["recipe"]["factors"]) == (first.release_id, 5)
    arrays = [name for name in first.manifest["files"] if name.endswith("item_factors_.npy")]
    assert [third.manifest["files"][name]["sha256"] for name in arrays] == [
        first.manifest["files"][name]["sha256"] for name in arrays
    ]
    with open_releases(run_settings.folder) as con:
        log = ask(con, "SELECT case_name, decided_by, because FROM promotion_log ORDER BY recorded_at").rows
    assert log[1:] == [
        ("challenge", "gate", None), ("override", "ada", "it is for a measurement"),
        ("rollback", "ada", "people complain"),
    ]  # fmt: skip


def test_the_night_does_not_undo_a_rollback(
    champion: Invoke, run_settings: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYBILL_TRAINING__MODELS", '["popularity", "covisitation"]')
    monkeypatch.setenv("PLAYBILL_TRAINING__PUBLISHED", "covisitation")
    store = ReleaseStore(run_settings.folder)
    first = store.current_id()
    more = two_worlds() + "1,31,5.0,9000000\n"
    run = ("run", "--movielens", str(make_set(ratings_csv=more, **films_of())), "--no-enrich")
    call(champion, *run)
    assert store.current().manifest["model"] == "covisitation"
    call(champion, "rollback-model", "--because", "people complain")
    call(champion, *run)
    assert (store.current().manifest["model"], store.current().manifest["arrays_from"]) == ("als", first)
    # an older release's arrays by name, though no gate was asked
    call(champion, "promote", store.ids()[2], "--because", "they did not")
    call(champion, "publish")
    assert store.current().manifest["model"] == "covisitation"


def test_weights_that_are_learned_anew_from_more_ratings_are_no_other_recipe(
    champion: Invoke, run_settings: Settings, make_set: SetMaker
) -> None:
    call(champion, "train", "hybrid")
    call(champion, "promote", "--because", "a blend whose weights are learned is needed")
    call(champion, "publish")
    first = ReleaseStore(run_settings.folder).current().manifest
    more = two_worlds(n_short=60)
    call(champion, "ingest", "--movielens", str(make_set(ratings_csv=more, **films_of())))
    call(champion, "build")
    call(champion, "train", "hybrid")
    row = decided(run_settings)
    assert row["challenger_recipe"] != row["champion_recipe"] == first["recipe_hash"]
    assert row["challenger_asked"] == row["champion_asked"] == first["recipe_asked"]
    assert (row["case_name"], row["champion"]) == ("refresh", "hybrid")
    assert row["overlap"] > 0.3


def test_only_the_newest_run_is_judged(champion: Invoke) -> None:
    code, text = champion("promote", "20260101T000000Z-aaaaaa")
    assert code == 2
    assert '--because "…"' in text
    code, text = champion("promote", "20260101T000000Z-cccccc", "--because", "why not")
    assert code == 1
    assert "names no release and no run" in text


@pytest.mark.parametrize("model", ["covisitation", "hybrid"])
def test_the_champions_own_recipe_on_a_twentieth_more_data_is_promoted_eight_times_of_eight(
    model: str, shared_movielens: Path, settings: Settings
) -> None:
    chosen = open_movielens(settings, shared_movielens / "ml-latest-small.zip")
    ratings, n_films = chosen.ratings, len(chosen.films)
    for seed in range(8):
        older = np.random.default_rng(seed).random(len(ratings)) < 1 / 1.05
        known = (ratings.user_idx * n_films + ratings.item_idx)[older]

        def as_before(train: Histories, known: Any = known) -> Histories:
            return train.keep(np.isin(train.owner * n_films + train.item_idx, known))

        make = partial(make_model, model)
        evaluation = measure(
            {model: make, "champion": make}, ratings, chosen.films, "next", learns_from={"champion": as_before}
        )
        fresh, stale = side_of(evaluation, model), side_of(evaluation, "champion")
        numbers = compare("refresh", model, fresh, model, stale, seed=42, key="champion")
        assert decide(numbers, settings.gate).promoted, numbers


@pytest.mark.parametrize(("better", "worse_one"), [("ease", "popularity"), ("hybrid", "als")])
def test_a_better_recipe_is_promoted_on_real_ratings(
    better: str, worse_one: str, shared_movielens: Path, settings: Settings
) -> None:
    chosen = open_movielens(settings, shared_movielens / "ml-latest-small.zip")
    makers = {name: partial(make_model, name) for name in (better, worse_one)}
    evaluation = measure(makers, chosen.ratings, chosen.films, "next")
    sides = [side_of(evaluation, name) for name in (better, worse_one)]
    case: Case = "first" if worse_one == "popularity" else "challenge"
    assert decide(compare(case, better, sides[0], worse_one, sides[1], seed=42), settings.gate).promoted
    back = decide(compare("challenge", worse_one, sides[1], better, sides[0], seed=42), settings.gate)
    assert not back.promoted
