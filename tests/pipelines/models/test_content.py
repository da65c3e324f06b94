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


def test_a_document_holds_what_is_known_field_by_field() -> None:
    metadata = pd.DataFrame(
        {
            "title": ["Alien", None],
            "year": [1979, None],
            "genres": [["Horror", "Sci-Fi"], []],
            "tags": [["slow burn"], None],
            "cast_names": [["Sigourney Weaver", "Tom Skerritt", "John Hurt", "Ian Holm"], []],
            "directors": [["Ridley Scott"], float("nan")],
        }
    )
    words = documents(Films(np.array([1, 2]), metadata))
    assert {field: entry[0] for field, entry in words.items()} == {
        "genres": ["horror", "scifi", "horror+scifi"],
        "keywords": [],
        "tags": ["slowburn"],
        "cast": ["sigourneyweaver", "tomskerritt", "johnhurt"],
        "directors": ["ridleyscott"],
        "title": ["alien"],
        "overview": [],
        "era": ["0:197", "3:198", "6:198"],
        "language": [],
    }
    assert [entry[1] for entry in words.values()] == [[]] * len(words)


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


def films_of(**columns: list[object]) -> Films:
    metadata = pd.DataFrame(columns)
    return Films(np.arange(1, len(metadata) + 1), metadata)


def content_of(films: Films, fields: dict[str, float], **settings: object) -> ContentModel:
    config = ContentConfig.model_validate({"fields": fields, **settings})
    return ContentModel(config).fit(Histories.single([0], [5.0], [1]), films)


def test_a_field_is_tf_idf_by_hand() -> None:
    films = films_of(keywords=[["space"], ["space", "robot"], ["robot"], ["robot"], ["paris"]])
    # smooth idf: ln((1 + 5) / (1 + n)) + 1; paris is in one film, which makes no two alike
    space, robot = np.log(6 / 3) + 1, np.log(6 / 4) + 1
    expected = space / np.hypot(space, robot)
    scores = content_of(films, {"keywords": 1.0}).score(Histories.single([0], [5.0], [1]))
    np.testing.assert_allclose(scores, [[-np.inf, expected, -np.inf, -np.inf, -np.inf]], rtol=1e-5)


def test_fields_are_cosines_of_their_own_weights_by_hand() -> None:
    films = films_of(
        genres=[["War"], ["War"], ["War"], []],
        directors=[["A B"], ["A B"], ["C D"], ["C D"]],
        year=[1970, 2010, 1970, None],
    )
    cosines = content_of(films, {"genres": 1.0, "directors": 2.0, "era": 1.0}).nearest_.toarray()
    # of the second nothing is known of when: no other film came out near 2010
    assert cosines[0, 1] == pytest.approx((1 + 2) / np.sqrt(4 * 3))
    assert cosines[0, 2] == pytest.approx((1 + 1) / 4)
    # of the last one only the director is known: it can be no more alike than that counts
    assert cosines[2, 3] == pytest.approx(2 / np.sqrt(4 * 2))
    assert cosines[0, 3] == 0


def test_only_the_whole_film_is_of_length_one_by_hand() -> None:
    films = films_of(genres=[["War"], ["War"]], title=["Red Red Sun", "Red Sky"])
    model = content_of(films, {"genres": 1.0, "title": 4.0}, normalise="film", min_df=1, max_df=1.0)
    once, shared = np.log(3 / 2) + 1, 1.0  # smooth idf of a word of one of two films, and of both
    red = np.log(2) + 1  # sublinear: 1 + ln 2 for the word that is there twice
    first, second = np.sqrt(shared + 4 * (red**2 + once**2)), np.sqrt(shared + 4 * (shared + once**2))
    assert model.nearest_.toarray()[0, 1] == pytest.approx((shared + 4 * red) / (first * second))


def test_a_genre_is_no_stop_word_and_prose_has_them() -> None:
    films = films_of(keywords=[["fire"], ["fire"], []], overview=["The fire", "of the", "the sea"])
    assert content_of(films, {"keywords": 1.0}).nearest_[0, 1] == pytest.approx(1)
    assert content_of(films, {"overview": 1.0}).nearest_.nnz == 0


@pytest.mark.parametrize("fields", [{"colour": 1.0}, {"genres": -1.0}, {"genres": 0.0}])
def test_fields_that_are_none_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="genres, keywords, tags"):
        ContentConfig(fields=fields)


@pytest.mark.parametrize("count", [1, 2])
def test_one_and_two_films_are_a_catalogue(count: int) -> None:
    films = films_of(genres=[["War"]] * count)
    assert content_of(films, {"genres": 1.0}).nearest_.shape == (count, count)


def test_films_without_a_word_are_not_scored() -> None:
    films = Films(np.array([1, 2]))
    model = ContentModel().fit(Histories.single([0], [5.0], [1]), films)
    assert np.isneginf(model.score(Histories.single([0], [5.0], [1]))).all()
    assert len(similar_films(model, [0], 3).item_idx) == 0
