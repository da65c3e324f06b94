"""Sixteen films with people, lengths and languages, on which every wish can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.films.films import Films
from pipelines.films.search import FilmSearch
from serving.films import FilmTable
from serving.words.answer import Answer, answer
from serving.words.facts import Facts
from serving.words.plan import Piece

# movie_id: title, original title, year, genres, keywords, directors, cast, minutes, language, overview, ratings
ROWS = {
    1: ("The Shining", None, 1980, ["Horror", "Thriller"], ["haunted house", "hotel"], ["Stanley Kubrick"],
        ["Jack Nicholson"], 144, "en", "A writer keeps a hotel in winter.", 90),
    2: ("2001: A Space Odyssey", None, 1968, ["Science Fiction"], ["space", "astronaut"], ["Stanley Kubrick"],
        ["Keir Dullea"], 149, "en", "A voyage to Jupiter with a thinking machine.", 80),
    3: ("Toy Story", None, 1995, ["Animation", "Comedy", "Family"], ["toy", "friendship"], ["John Lasseter"],
        ["Tom Hanks", "Tim Allen"], 81, "en", "Toys that live when nobody looks.", 100),
    4: ("Apollo 13", None, 1995, ["Drama", "History"], ["space", "astronaut"], ["Ron Howard"],
        ["Tom Hanks", "Bill Paxton"], 140, "en", "Three men on the way to the moon.", 70),
    5: ("Spirited Away", "千と千尋の神隠し", 2001, ["Animation", "Family", "Fantasy"], ["witch", "magic"],
        ["Hayao Miyazaki"], ["Rumi Hiiragi"], 125, "ja", "A girl in a bath house of spirits.", 85),
    6: ("Amélie", "Le Fabuleux Destin d'Amélie Poulain", 2001, ["Comedy", "Romance"], ["paris", "love"],
        ["Jean-Pierre Jeunet"], ["Audrey Tautou"], 122, "fr", "A waitress helps others to be happy.", 75),
    7: ("The Godfather", None, 1972, ["Crime", "Drama"], ["mafia", "murder"], ["Francis Ford Coppola"],
        ["Marlon Brando", "Al Pacino"], 175, "en", "A family of gangsters.", 95),
    8: ("Alien", None, 1979, ["Horror", "Science Fiction"], ["space", "monster"], ["Ridley Scott"],
        ["Sigourney Weaver"], 117, "en", "A crew meets what lives in an egg.", 88),
    9: ("Galaxy Quest", None, 1999, ["Comedy", "Science Fiction"], ["space", "parody"], ["Dean Parisot"],
        ["Tim Allen", "Sigourney Weaver"], 102, "en", "Actors of a series meet real aliens.", 50),
    10: ("Blazing Saddles", None, 1974, ["Comedy", "Western"], ["parody", "racism"], ["Mel Brooks"],
         ["Gene Wilder"], 93, "en", "A sheriff whom his town does not want.", 40),
    11: ("Bad Grandpa", None, 2013, ["Comedy"], ["crude humor", "prank"], ["Jeff Tremaine"],
         ["Johnny Knoxville"], 92, "en", "An old man and a child on the road.", 30),
    12: ("The Children", None, 2008, ["Horror", "Thriller"], ["children", "winter"], ["Tom Shankland"],
         ["Eva Birthistle"], 84, "en", "Children turn on their parents.", 10),
    13: ("Fritz", None, 1972, ["Animation", "Comedy"], ["adult animation", "drug use", "cartoon cat"],
         ["Ralph Bakshi"], ["Skip Hinnant"], 80, "en", "A cat at college.", 12),
    14: ("Natty", None, 1985, ["Adventure", "Family"], ["attempted rape"], ["Jeremy Kagan"],
         ["Meredith Salenger"], 101, "en", "A girl crosses America.", 14),
    15: ("Wolfwalkers", None, 2020, ["Animation", "Family"], ["wolf", "magic"], ["Tomm Moore"],
         ["Sean Bean"], 103, "en", "A girl among wolves.", 20),
    16: ("Ran", None, 1985, ["Action", "Drama", "War"], ["samurai", "king"], ["Akira Kurosawa"],
         ["Tatsuya Nakadai"], 162, "ja", "An old lord divides his land.", 45),
}  # fmt: skip
COLUMNS = ("title", "original_title", "year", "genres", "keywords", "directors", "cast_names", "runtime", "language",
           "overview", "ratings")  # fmt: skip


def make_facts() -> Facts:
    """Return what wishes ask of the films."""
    ids = np.array(list(ROWS), dtype=np.int64)
    values = {name: [row[at] for row in ROWS.values()] for at, name in enumerate(COLUMNS)}
    search = FilmSearch.build(Films(ids, pd.DataFrame(values)))
    n = len(ids)
    table = pa.table({
        "movie_id": pa.array(ids, pa.int32()), **values, "year": pa.array(values["year"], pa.int16()),
        "card": [b"{}"] * n, "reason": [b"{}"] * n, "movielens_id": pa.nulls(n, pa.int32()),
        "vote_average": pa.array([7.0] * n, pa.float32()), "vote_count": pa.array(values["ratings"], pa.int32()),
        "runtime": pa.array(values["runtime"], pa.int16()), "ratings": pa.array(values["ratings"], pa.int32()),
    })  # fmt: skip
    return Facts(table, FilmTable(table), search)


def titles(facts: Facts, chosen: Answer) -> list[str]:
    """Return an answer's films by title."""
    return [str(ROWS[int(movie_id)][0]) for movie_id in facts.films.films.movie_ids[chosen.places]]


def ask(facts: Facts, text: str, limit: int = 5, pieces: tuple[Piece, ...] | None = None) -> Answer:
    """Return the answer to a text."""
    plan = facts.reader.read(text)
    if pieces is not None:
        plan = plan.model_copy(update={"pieces": pieces})
    return answer(facts, plan, {}, np.ones(len(facts.films), dtype=bool), None, limit)
