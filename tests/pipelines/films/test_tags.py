"""Tags in time: what an evaluation may read of the words that people put on films."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.choice.evaluation.split import PROTOCOLS, Ratings, make_folds
from pipelines.films.films import Films
from pipelines.films.tags import NOBODY, Tags, tags_of
from pipelines.jobs.build import build
from pipelines.jobs.ingest import ingest
from pipelines.jobs.measure import open_lake, open_set
from pipelines.models.content import ContentConfig, ContentModel
from pipelines.settings import Settings
from tests.conftest import SetMaker

FILMS = Films(np.arange(10) + 100)
# one person rates ten films in ten seconds: the last fifth is two, the fifth before it the validation part
ONE = (np.zeros(10, np.int64), np.arange(10, dtype=np.int32), np.full(10, 5.0, np.float32), np.arange(10) + 1000)


def ratings_with(*tags: tuple[int, int, int, str]) -> Ratings:
    """Return that person's ratings, and tags: (user, film, seconds, word)."""
    users, items, seconds, words = zip(*tags, strict=True)
    told = Tags(np.array(users), np.array(items, np.int32), np.array(seconds), words)
    return Ratings(*ONE, 1, 10, told)


def read_in(ratings: Ratings, part: str = "test", protocol: str = "next") -> list[list[str]]:
    (fold, *_) = make_folds(protocol, ratings, part)
    tags: list[list[str]] = fold.films(FILMS).metadata["tags"].tolist()
    return tags


def test_a_tag_is_read_until_the_first_rating_that_is_asked_for() -> None:
    ratings = ratings_with((0, 3, 1007, "before"), (0, 3, 1008, "then"), (0, 4, 9999, "after"), (0, 5, 1006, "later"))
    assert read_in(ratings)[3:6] == [["before"], [], ["later"]]
    # the validation part ends two films earlier, and what is asked for then begins at 1006
    assert read_in(ratings, "validation")[3:6] == [[], [], []]


def test_a_tag_of_a_film_that_is_asked_for_is_never_read() -> None:
    assert read_in(ratings_with((0, 9, 5, "foreseen"), (0, 2, 5, "early")))[9] == []
    for protocol in PROTOCOLS:
        for part in ("test", "validation"):
            everything = ratings_with(*((0, film, 5, "early") for film in range(10)))
            if protocol == "temporal" and part == "validation":
                continue  # one person's ratings leave nobody to ask
            for fold in make_folds(protocol, everything, part):
                learned = set(fold.train.item_idx.tolist())
                told = {film for film, words in enumerate(fold.films(FILMS).metadata["tags"]) if words}
                assert told <= learned, (protocol, part)


def test_where_there_is_no_order_only_what_is_held_out_counts() -> None:
    ratings = ratings_with(*((0, film, 10**9, "late") for film in range(10)))
    (fold, *_) = make_folds("stratified", ratings)
    told = [film for film, words in enumerate(fold.films(FILMS).metadata["tags"]) if words]
    assert told == sorted(fold.train.item_idx.tolist())


def test_tags_of_people_who_rated_nothing_stay_but_for_a_moment_that_ends_all() -> None:
    stranger = ratings_with((NOBODY, 3, 10**9, "kept"))
    assert read_in(stranger)[3] == ["kept"]
    assert read_in(stranger, protocol="temporal")[3] == []


def test_without_tags_of_people_films_stay_as_they_are() -> None:
    films = Films(FILMS.movie_ids, pd.DataFrame({"tags": [["as", "given"]] * 10}))
    (fold,) = make_folds("next", Ratings(*ONE, 1, 10))
    assert fold.films(films) is films


def test_the_most_used_words_come_first_and_empty_ones_are_none() -> None:
    rows = [("a", 100, "Slow"), ("b", 100, " slow "), ("a", 100, "dark"), ("c", 100, " "), ("c", 5, "no such film")]
    givers, movie_ids, words = zip(*rows, strict=True)
    tags = tags_of(givers, ["a", "c"], np.array(movie_ids), np.arange(5), words, FILMS)
    assert tags.user_idx.tolist() == [0, NOBODY, 0]
    assert tags.on(FILMS).metadata["tags"].tolist()[0] == ["slow", "dark"]


def test_content_that_reads_no_tags_is_one_fit_and_one_that_does_is_one_a_split() -> None:
    ratings = ratings_with((0, 3, 1007, "before"), (0, 3, 9999, "after"))
    (fold,) = make_folds("next", ratings)
    assert ratings.tags is not None
    whole, known = ratings.tags.on(FILMS), fold.films(FILMS)
    for fields, alike in (({"genres": 1.0}, True), ({"genres": 1.0, "tags": 1.0}, False)):
        model = ContentModel(ContentConfig(fields=fields)).fit(fold.train, whole)
        assert model.is_fitted_on(whole)
        assert model.is_fitted_on(known) is alike


def test_tag_times_go_from_the_file_through_the_lake_and_the_build(run_settings: Settings, make_set: SetMaker) -> None:
    ingest(run_settings, "20260101T000000Z-aaaaaa", movielens=make_set())
    build(run_settings, "20260101T000000Z-aaaaaa")
    chosen = open_lake(run_settings)
    assert chosen.ratings.tags is not None
    told = sorted(zip(chosen.ratings.tags.words, chosen.ratings.tags.tagged_at.tolist(), strict=True))
    assert told == [("paris", 1_000_001), ("slow, quiet", 1_000_000), ("space", 1_000_002)]


@pytest.mark.slow
def test_the_813_leaks_of_ml_latest_small_are_none() -> None:
    path = Path(__file__).resolve().parents[4] / "shared" / "data" / "movielens" / "ml-latest-small.zip"
    if not path.exists():
        pytest.skip("ml-latest-small.zip is not in ../shared/data")
    ratings = open_set(Settings(), path).ratings
    (fold,) = make_folds("next", ratings)
    assert ratings.tags is not None
    assert fold.tags is not None
    held = set(zip(ratings.user_idx.tolist(), ratings.item_idx.tolist(), strict=True))
    kept = set(zip(fold.train.owner.tolist(), fold.train.item_idx.tolist(), strict=True))

    def leaks(tags: Tags) -> int:
        pairs = zip(tags.user_idx.tolist(), tags.item_idx.tolist(), strict=True)
        return sum(pair in held and pair not in kept for pair in pairs)

    first = np.full(ratings.n_users, np.iinfo(np.int64).max)
    np.minimum.at(first, fold.asked.owner * 0 + fold.users[fold.asked.owner], fold.asked.rated_at)
    assert (leaks(ratings.tags), leaks(fold.tags)) == (813, 0)
    assert not (fold.tags.tagged_at >= first[fold.tags.user_idx])[fold.tags.user_idx >= 0].any()
    assert len(fold.tags) > 1_000
