"""Contracts of what TMDB tells about films: the fields of a record, its ledger, and the data set made from it."""

from __future__ import annotations

from warehouse.columns import Column, Relation, integer, moment, number, text, texts

RECORD_COLUMNS = (
    text("title", "title", nullable=True),
    text("original_title", "title in the film's own language", nullable=True),
    Column("year", "SMALLINT", "year of release", nullable=True),
    Column("release_date", "DATE", "day of release", nullable=True),
    text("overview", "what it is about, in a few lines", nullable=True),
    text("tagline", "its tagline", nullable=True),
    texts("genres", "genres, in TMDB's words", nullable=True),
    texts("keywords", "what it is about", nullable=True),
    texts("cast_names", "top cast in order", nullable=True),
    texts("directors", "directors", nullable=True),
    Column("runtime", "SMALLINT", "length", "minutes", nullable=True),
    text("language", "original language", "ISO 639-1, cn for Cantonese, xx for none", nullable=True),
    text("poster_path", "path of the poster", nullable=True),
    text("backdrop_path", "path of the backdrop", nullable=True),
    number("vote_average", "mean vote; none without votes", "0-10", nullable=True),
    integer("vote_count", "votes", nullable=True),
    number("popularity", "popularity, on a scale that drifts over the years", nullable=True),
    text("imdb_id", "IMDb id", "tt and digits", nullable=True),
    text("collection", "series of films that it belongs to", nullable=True),
)
FETCHED_AT = moment("fetched_at", "start of the run that fetched the record; it is deleted 180 days later")

ENRICHMENT_COLUMNS = (
    integer("asked_id", "TMDB id that was asked for"),
    text("status", "found, missing (TMDB knows no such film), remapped (it has another id now), failed, changed"),
    integer("movie_id", "the film that it is: asked_id, or the id it has now; none when missing", nullable=True),
    text("reason", "why it is missing or failed", nullable=True),
    integer("attempts", "runs in a row that failed to ask"),
    Column("fetched_at", "TIMESTAMP WITH TIME ZONE", FETCHED_AT.description, "UTC", nullable=True),
    moment("next_try", "when it is asked again"),
    texts("problems", "values that were coerced or dropped: field and reason"),
    *RECORD_COLUMNS,
)

RAW_TMDB_MOVIES = Relation(
    "raw_tmdb_movies",
    "what TMDB tells about the active films, no older than its terms allow",
    "a film",
    ("movie_id",),
    (
        integer("movie_id", "TMDB id"),
        *RECORD_COLUMNS,
        FETCHED_AT,
        integer("popular_rank", "place among TMDB's most popular films, where it is one", nullable=True),
        Column("former_ids", "INTEGER[]", "ids that TMDB has given up for this one"),
    ),
)
