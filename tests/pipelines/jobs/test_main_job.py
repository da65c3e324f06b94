"""The main job, stage by stage, on a small set made here: what it publishes, refuses and leaves alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.films.films import Films
from pipelines.jobs.build import build
from pipelines.jobs.champion import champion_recipe
from pipelines.jobs.evaluate import evaluate
from pipelines.jobs.ingest import ingest
from pipelines.jobs.promote import promote
from pipelines.jobs.publish import Published, publish
from pipelines.jobs.reuse import reuse
from pipelines.jobs.train import train
from pipelines.models.content import ContentModel
from pipelines.people.history import Histories
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import TrainingSettings
from tests.conftest import RATINGS_HEADER, SetMaker, small_set
from warehouse.errors import EmptyLakeError, NoReleaseError, PlaybillError, QualityError, UnknownModelError
from warehouse.query import ask, open_releases
from warehouse.store import ReleaseStore

QUICK = TrainingSettings(
    stars=False, models=("popularity", "covisitation"), published="covisitation", protocols=("next",)
)


@pytest.fixture
def quick(run_settings: Settings) -> Settings:
    return run_settings.model_copy(update={"training": QUICK})


def run(settings: Settings, path: Path, run_id: str | None = None) -> Published:
    run_id = run_id or new_run_id()
    ingest(settings, run_id, movielens=path)
    build(settings, run_id)
    train(settings, run_id)
    evaluate(settings, run_id)
    promote(settings, run_id)
    return publish(settings, run_id)


def test_everybody_gets_a_full_list_without_what_they_rated(quick: Settings, make_set: SetMaker) -> None:
    published = run(quick, make_set())
    assert (published.model, published.users, published.movies, published.ratings) == ("covisitation", 60, 40, 960)
    with open_releases(quick.folder) as con:
        # 40 films, 16 rated: 24 are left for a list of 50
        assert ask(con, "SELECT DISTINCT len(movie_ids) FROM recommendation_lists").rows == [(24,)]
        seen = ask(
            con, "SELECT count(*) FROM recommendation_lists l JOIN histories h USING (user_id) "
            "WHERE list_has_any(l.movie_ids, h.movie_ids)",
        )  # fmt: skip
        assert seen.rows == [(0,)]
        # each person's own world has 8 films left; they come first
        own = "((movie_id - 500 > 20) = (user_id[4:]::INT % 2 = 1))::INT"
        best = ask(con, f"SELECT avg({own}) FROM recommendations WHERE rank <= 5")
        assert best.rows[0][0] > 0.9
        reasons = ask(con, "SELECT because[1] FROM recommendation_lists WHERE user_id = 'ml_2'").rows[0][0]
        assert len(reasons) == 3
        assert 0 < sum(reason["share"] for reason in reasons) <= 1.0001


def test_a_model_that_reads_no_ratings_is_fitted_once_a_run(
    quick: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits, plain = [], ContentModel._fit

    def noted(self: ContentModel, histories: Histories, films: Films) -> None:
        fits.append(len(films))
        plain(self, histories, films)

    monkeypatch.setattr(ContentModel, "_fit", noted)
    models = TrainingSettings(
        stars=False, models=("popularity", "content"), published="content", protocols=("next", "last-out")
    )
    settings, run_id = quick.model_copy(update={"training": models}), new_run_id()
    ingest(settings, run_id, movielens=make_set())
    build(settings, run_id)
    train(settings, run_id)
    evaluations = evaluate(settings, run_id)
    assert fits == [40]
    assert all(evaluation.results["content"]["full_list", "all"].n == 60 for evaluation in evaluations.values())


def test_the_same_input_gives_the_same_lists_under_a_new_id(quick: Settings, make_set: SetMaker) -> None:
    first, second = (
        run(quick, make_set(), run_id) for run_id in ("20260101T000000Z-aaaaaa", "20260102T000000Z-bbbbbb")
    )
    assert first.release_id != second.release_id
    store = ReleaseStore(quick.folder)
    one, two = (store.get(release_id).manifest["files"] for release_id in (first.release_id, second.release_id))
    arrays = [name for name in one if name.endswith(".npy")]
    assert arrays
    assert all(one[name] == two[name] for name in arrays)
    compared = "SELECT user_id, movie_ids, scores, sources, because FROM {}.recommendation_lists"
    with open_releases(quick.folder, max(first.release_id, second.release_id)) as con:
        assert ask(con, f"{compared.format('cur')} EXCEPT {compared.format('prev')}").rows == []
        assert ask(con, "FROM cur.histories EXCEPT FROM prev.histories").rows == []


def test_a_set_without_taste_is_refused_and_popularity_is_published(quick: Settings, make_set: SetMaker) -> None:
    # everybody rates ten films drawn blindly, all alike: nobody's list can be better than everybody's
    draw = np.random.default_rng(3)
    rows = [RATINGS_HEADER]
    for user in range(1, 61):
        films = draw.permutation(40)[:10] + 1
        rows += [f"{user},{film},4.0,{1_000_000 + place * 60}" for place, film in enumerate(films)]
    published = run(quick, make_set(ratings_csv="\n".join(rows) + "\n"))
    with open_releases(quick.folder) as con:
        promoted, reasons = ask(con, "SELECT promoted, reasons FROM promotion_log").rows[0]
        sources = ask(con, "SELECT DISTINCT source FROM recommendations").rows
    assert (promoted, published.model, sources) == (False, "popularity", [("popular",)])
    assert "covisitation does not beat popularity for certain" in reasons[0]


def test_a_bad_file_leaves_the_last_release(quick: Settings, make_set: SetMaker, tmp_path: Path) -> None:
    first = run(quick, make_set())
    broken = tmp_path / "broken.zip"
    broken.write_bytes(make_set().read_bytes()[:500])
    with pytest.raises(PlaybillError):
        run(quick, broken)
    assert ReleaseStore(quick.folder).current_id() == first.release_id
    with open_releases(quick.folder) as con:
        assert ask(con, "SELECT count(*) FROM recommendation_lists").rows == [(60,)]


def test_fresh_lists_from_the_arrays_that_are_served(quick: Settings, make_set: SetMaker) -> None:
    first = run(quick, make_set())
    changed = small_set()["ratings.csv"] + "2,30,5.0,9000000\n61,1,5.0,9000000\n61,2,4.5,9000001\n"
    run_id = new_run_id()
    ingest(quick, run_id, movielens=make_set(ratings_csv=changed))
    build(quick, run_id)
    assert reuse(quick, run_id, "ml-latest-small").release_id == first.release_id
    second = publish(quick, run_id)
    assert second.users == 61
    store = ReleaseStore(quick.folder)
    files = [store.get(release_id).manifest["files"] for release_id in (first.release_id, second.release_id)]
    arrays = [name for name in files[0] if name.endswith(".npy")]
    assert [files[0][name]["sha256"] for name in arrays] == [files[1][name]["sha256"] for name in arrays]
    with open_releases(quick.folder) as con:
        assert ask(con, "SELECT count(*) FROM recommendations WHERE user_id = 'ml_61'").rows == [(38,)]
    with pytest.raises(NoReleaseError, match="--train all"):
        reuse(quick, new_run_id(), "ml-25m")
    # a bit flips in the arrays that are served: those of the release before rank, and without a whole one nobody's
    for release_id, left in ((second.release_id, first.release_id), (first.release_id, None)):
        array = store.home / release_id / "models" / "covisitation" / "counts_.data.npy"
        content = bytearray(array.read_bytes())
        content[-1] ^= 1
        array.write_bytes(content)
        if left is not None:
            assert reuse(quick, new_run_id(), "ml-latest-small").release_id == left
    with pytest.raises(NoReleaseError, match="playbill run --train all"):
        reuse(quick, new_run_id(), "ml-latest-small")


def test_the_champion_belongs_to_its_data_set(quick: Settings, make_set: SetMaker) -> None:
    assert champion_recipe(quick.folder, "ml-latest-small") == {}
    run(quick, make_set())
    assert champion_recipe(quick.folder, "ml-latest-small")["covisitation"]["window"] > 0
    assert champion_recipe(quick.folder, "ml-25m") == {}


def test_stages_out_of_order_say_what_to_run_first(quick: Settings, make_set: SetMaker) -> None:
    with pytest.raises(EmptyLakeError, match="playbill ingest"):
        build(quick, new_run_id())
    ingest(quick, new_run_id(), movielens=make_set())
    with pytest.raises(EmptyLakeError, match="playbill build"):
        train(quick, new_run_id())
    build(quick, new_run_id())
    with pytest.raises(EmptyLakeError, match="playbill train"):
        evaluate(quick)
    train(quick, new_run_id())
    with pytest.raises(EmptyLakeError, match="playbill evaluate"):
        promote(quick)
    evaluate(quick)
    with pytest.raises(EmptyLakeError, match="playbill promote"):
        publish(quick)


def test_a_set_without_links_is_refused_in_words(quick: Settings, make_set: SetMaker) -> None:
    ingest(quick, new_run_id(), movielens=make_set(links_csv=None))
    with pytest.raises(PlaybillError, match=r"links"):
        build(quick, new_run_id())


def test_links_that_match_nothing_stop_the_run(quick: Settings, make_set: SetMaker) -> None:
    ingest(quick, new_run_id(), movielens=make_set(links_csv="movieId,imdbId,tmdbId\n9999,1,1\n"))
    with pytest.raises(QualityError, match="no_interactions"):
        build(quick, new_run_id())


def test_an_unknown_model_is_refused_before_anything_is_trained(quick: Settings) -> None:
    with pytest.raises(UnknownModelError, match="there are popularity, "):
        train(quick, new_run_id(), models=("word2vec",))
