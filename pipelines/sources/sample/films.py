"""The sample's films: about 400 well-known features, from the 1920s to the 2020s."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pyarrow as pa

FILM_SCHEMA = pa.schema(
    [
        pa.field("movie_id", pa.int32(), nullable=False),
        pa.field("imdb_id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("year", pa.int16(), nullable=False),
        pa.field("genres", pa.list_(pa.string()), nullable=False),
        pa.field("keywords", pa.list_(pa.string()), nullable=False),
        pa.field("directors", pa.list_(pa.string()), nullable=False),
        pa.field("cast_names", pa.list_(pa.string()), nullable=False),
        pa.field("runtime", pa.int16(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("overview", pa.string(), nullable=False),
        pa.field("fame", pa.int8(), nullable=False),
    ]
)
"""Columns of :func:`load_films`. ``movie_id`` is the film's TMDB id, ``runtime`` is in minutes,
``language`` an ISO 639-1 code as TMDB uses it ("cn" is Cantonese), ``fame`` runs from 1 (for
enthusiasts) to 5 (everybody has heard of it)."""

_COLUMN_OF_KEY = {"cast": "cast_names", "description": "overview"}


def load_films() -> pa.Table:
    """Give every sample film with its facts, ready to be staged or to invent ratings for.

    Returns
    -------
    pyarrow.Table
        One row a film, sorted by ``movie_id``, with the columns of ``FILM_SCHEMA``.
    """
    text = files(__package__).joinpath("films.jsonl").read_text(encoding="utf-8")
    rows = [_as_row(json.loads(line)) for line in text.splitlines()]
    return pa.Table.from_pylist(rows, schema=FILM_SCHEMA)


def _as_row(facts: dict[str, Any]) -> dict[str, Any]:
    return {_COLUMN_OF_KEY.get(key, key): value for key, value in facts.items()}
