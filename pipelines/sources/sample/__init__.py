"""A small film world that ships with Playbill, so that everything runs without a download.

The films are real and the facts about them are written by hand (``films.jsonl``). The people are
invented: seeded tastes decide what each of them watches and how they rate it. Nothing here
reads a clock, a network or a path outside the package.
"""

from pipelines.sources.sample.films import FILM_SCHEMA, load_films
from pipelines.sources.sample.landing import land_sample
from pipelines.sources.sample.people import (
    RATING_SCHEMA,
    SAMPLE_DAYS,
    SAMPLE_END,
    generate_ratings,
)

__all__ = [
    "FILM_SCHEMA",
    "RATING_SCHEMA",
    "SAMPLE_DAYS",
    "SAMPLE_END",
    "generate_ratings",
    "land_sample",
    "load_films",
]
