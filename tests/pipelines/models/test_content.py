"""Content: documents, free text, and films nobody rated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.films.films import Films
from pipelines.lists.rank import recommend
from pipelines.lists.similar import similar_films
from pipelines.models.content import ContentConfig, ContentModel
from pipelines.models.parts.documents import documents, joined
from pipelines.people.history import Histories

ALIEN, ALIENS, BLADE_RUNNER, AMELIE, SUNSHINE = 0, 1, 2, 3, 6


def test_a_document_holds_what_is_known() -> None:
    metadata = pd.DataFrame(
        {
            "title": ["Alien", None],
            "genres": [["Horror"], []],
            "tags": [["slow burn"], None],
            "cast_names": [["Sigourney Weaver", "Tom Skerritt", "John Hurt", "Ian Holm"], []],
            "directors": [["Ridley Scott"], float("nan")],
        }
    )
    first, second = documents(Films(np.array([1, 2]), metadata))
    assert first == "Horror . slow burn . sigourneyweaver . tomskerritt . johnhurt . ridleyscott . Alien"
    assert second == ""


def test_a_name_is_one_token() -> None:
    assert joined("Jean-Pierre Léaud") == "jeanpierreléaud"


def test_a_cold_film_is_scored_by_what_it_is(histories: Histories, films: Films) -> None:
    model = ContentModel().fit(histories, films)
    liked_space = Histories.single([ALIEN], [5.0], [1])
    items = recommend(model, liked_space, 6).row(0)[0].tolist()
    assert SUNSHINE in items
    assert AMELIE not in items  # it shares no word with what was liked


def test_dislikes_do_not_speak(histories: Histories, films: Films) -> None:
    model = ContentModel().fit(histories, films)
    assert np.isneginf(model.score(Histories.single([ALIEN, AMELIE], [3.5, 1.0], [1, 2]))).all()


def test_cosine_by_hand() -> None:
    # min_df 1: each word is in one film of three except "space" in two, so the unit vectors follow from the idf
    metadata = pd.DataFrame({"tags": [["space"], ["space", "robot"], ["paris"]]})
    films = Films(np.array([1, 2, 3]), metadata)
    model = ContentModel(ContentConfig(ngrams=1, sublinear=False)).fit(Histories.single([0], [5.0], [1]), films)
    # smooth idf: ln((1 + 3) / (1 + n)) + 1
    space, robot = np.log(4 / 3) + 1, np.log(4 / 2) + 1
    expected = space / np.hypot(space, robot)
    scores = model.score(Histories.single([0], [5.0], [1]))
    np.testing.assert_allclose(scores, [[-np.inf, expected, -np.inf]], rtol=1e-5)


def test_free_text_finds_films(histories: Histories, films: Films) -> None:
    model = ContentModel().fit(histories, films)
    scores = model.score_text("an android lost in SPACE")
    assert scores.argmax() == SUNSHINE
    assert np.isneginf(model.score_text("zzz")).all()
    assert np.isneginf(model.score_text("")).all()


def test_free_text_knows_people_by_their_joined_name() -> None:
    metadata = pd.DataFrame({"directors": [["Ridley Scott"], ["Tony Scott"], ["Agnès Varda"]], "tags": [["a"]] * 3})
    films = Films(np.array([1, 2, 3]), metadata)
    model = ContentModel().fit(Histories.single([0], [5.0], [1]), films)
    scores = model.score_text("something by Tony Scott")
    assert scores.tolist() == pytest.approx([0, 1, 0])


def test_shared_terms_are_named(histories: Histories, films: Films) -> None:
    model = ContentModel().fit(histories, films)
    (terms,) = model.shared_terms(Histories.single([ALIEN], [5.0], [1]), np.array([SUNSHINE], np.int32))
    assert terms == ["space"]


def test_films_without_a_word_are_not_scored() -> None:
    films = Films(np.array([1, 2]))
    model = ContentModel().fit(Histories.single([0], [5.0], [1]), films)
    assert np.isneginf(model.score(Histories.single([0], [5.0], [1]))).all()
    assert len(similar_films(model, [0], 3).item_idx) == 0
