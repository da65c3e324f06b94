"""Contracts of ``release.duckdb``: what analysts query and the API serves."""

from __future__ import annotations

from dataclasses import replace

from warehouse.columns import Column, Relation, integer, moment, number, text, texts
from warehouse.contracts.core import ENRICHED_AT, FILM_COLUMNS, MART_USER_PROFILES
from warehouse.contracts.ledgers import METRICS, PROMOTION, QUALITY, RECORDED_AT, RUN_ID

BECAUSE = 'STRUCT(movie_id INTEGER, "share" FLOAT)[]'

LIST_SOURCES = ("hybrid", "content_based", "popular")
"""From what people rate together; from what is known of the film; filled in because many people like it."""
RATING_SOURCES = ("movielens*", "sample*", "supabase*", "events*")
RECOMMENDATION_LISTS = Relation(
    "recommendation_lists",
    "the films to offer each person, best first",
    "a person",
    ("user_id",),
    (
        text("user_id", "the person"),
        Column("movie_ids", "INTEGER[]", "TMDB ids, best first; no film they rated, none twice"),
        Column("scores", "FLOAT[]", "what the list is ranked by; comparable within one source of one list"),
        texts("sources", "where each film comes from", values=LIST_SOURCES),
        Column("because", f"{BECAUSE}[]", "for the first ten: up to three films they rated, with their shares", "0-1"),
        moment("generated_at", "when the list was computed"),
    ),
)
RECOMMENDATIONS = Relation(
    "recommendations",
    "the lists, a row a film, for SQL",
    "a person and a rank",
    ("user_id", "rank"),
    (
        text("user_id", "the person"),
        Column("rank", "SMALLINT", "place in the list, from 1"),
        integer("movie_id", "TMDB id"),
        text("title", "its title"),
        number("score", "what the list is ranked by; comparable within one source of one list"),
        text("source", "where the film comes from", values=LIST_SOURCES),
        Column("because", BECAUSE, "up to three films they rated, with their shares", "0-1", nullable=True),
        text("release_id", "this release"),
    ),
)
LISTS_AT_A_GLANCE = Relation(
    "lists_at_a_glance",
    "everybody's first ten films as one line of text, for browsing",
    "a person",
    ("user_id",),
    (
        text("user_id", "the person"),
        integer("ratings", "films they rated", nullable=True),
        text("likes", "the genres they like most", nullable=True),
        text("films", "titles of the first ten, best first, with a dot between", nullable=True),
        Column("length", "SMALLINT", "films in the whole list"),
    ),
)
HISTORIES = Relation(
    "histories",
    "what each person rated, oldest first, as the models read it",
    "a person",
    ("user_id",),
    (
        text("user_id", "the person"),
        Column("movie_ids", "INTEGER[]", "TMDB ids"),
        Column("ratings", "FLOAT[]", "stars", "0.5-5.0"),
        Column("weights", "FLOAT[]", "what each rating weighs in the published model", "0 and more"),
        Column("rated_at", "TIMESTAMP WITH TIME ZONE[]", "when each was rated", "UTC"),
        texts("sources", "the source of each rating, + between several", values=RATING_SOURCES),
        Column("fingerprint", "UBIGINT", "count (upper 20 bits) and hash (lower 44) of film:rating, in any order"),
    ),
)
MOVIES = Relation(
    "movies",
    "every film, with what is known of it",
    "a film",
    ("movie_id",),
    (
        *(column for column in FILM_COLUMNS if column.name != "tags"),
        integer("ratings", "people who rated it"),
        number("mean_rating", "their mean rating", "0.5-5.0 stars", nullable=True),
        integer("likes", "of them, people who gave it 4 stars or more"),
        ENRICHED_AT,
    ),
)
POPULAR_MOVIES = Relation(
    "popular_movies",
    "what many people like: overall, lately, and by genre",
    "a scope and a rank",
    ("scope", "rank"),
    (
        text("scope", "all, trending (newer ratings count more), or genre:Drama and so on"),
        Column("rank", "SMALLINT", "from 1"),
        integer("movie_id", "TMDB id"),
        number("score", "decayed number of ratings times the damped mean rating"),
    ),
)
SCORE_CHANCES = Relation(
    "score_chances",
    "what scores promise: the share of likes among held-out ratings of films with such a score",
    "a model and a score",
    ("model", "score"),
    (
        text("model", "the model whose score it is; popularity's are of the release's own ratings"),
        number("score", "the score, as in recommendation_lists; straight lines join the points"),
        number("chance", "the chance that somebody who rates such a film gives it 4 stars or more", "0-1"),
        integer("ratings", "ratings behind the point"),
    ),
)
SIMILAR_MOVIES = Relation(
    "similar_movies",
    "the films most like each film",
    "a film and a rank",
    ("movie_id", "rank"),
    (
        integer("movie_id", "TMDB id"),
        Column("rank", "SMALLINT", "from 1"),
        integer("similar_id", "TMDB id of the like film"),
        number("score", "similarity in the published model"),
    ),
)
USER_PROFILES = replace(MART_USER_PROFILES, name="user_profiles")
MODEL_METRICS = replace(
    METRICS,
    name="model_metrics",
    grain="a model, a protocol, a metric and a segment",
    key=tuple(name for name in METRICS.key if name != RUN_ID.name),
    columns=tuple(c for c in METRICS.columns if c not in (RECORDED_AT, RUN_ID)),
)
QUALITY_RESULTS = replace(
    QUALITY,
    name="quality_results",
    grain="a check",
    key=tuple(name for name in QUALITY.key if name != RUN_ID.name),
    columns=tuple(c for c in QUALITY.columns if c != RUN_ID),
)
PROMOTION_LOG = replace(PROMOTION, name="promotion_log")
RELEASE = Relation(
    "release",
    "the manifest as one row",
    "the release",
    ("release_id",),
    (
        text("release_id", "UTC time and six hex digits of the manifest"),
        moment("created_at", "when it was made"),
        Column("schema_version", "INTEGER", "version of these contracts"),
        text("dataset", "the active data set"),
        text("model", "the model that ranked the lists"),
        text("recipe_hash", "twelve hex digits of its name and whole recipe, which the manifest holds"),
        text("arrays_from", "the older release that its arrays were trained for; none: this one", nullable=True),
        text("run_id", "the run that made it"),
        text("git_revision", "commit of the code", nullable=True),
        text("mlflow_run_id", "MLflow's run of the model", nullable=True),
        text("mlflow_version", "its number among MLflow's registered models", nullable=True),
        moment("data_watermark", "the newest rating in it"),
        integer("users", "people with a list"),
        integer("movies", "films"),
        integer("ratings", "ratings in the histories"),
    ),
)

SCHEMA_VERSION = 3

RELEASE_TABLES = {
    relation.name: relation
    for relation in (
        RECOMMENDATION_LISTS,
        HISTORIES,
        MOVIES,
        POPULAR_MOVIES,
        SCORE_CHANCES,
        SIMILAR_MOVIES,
        USER_PROFILES,
        MODEL_METRICS,
        QUALITY_RESULTS,
        PROMOTION_LOG,
        RELEASE,
    )
}
RELEASE_VIEWS = {relation.name: relation for relation in (RECOMMENDATIONS, LISTS_AT_A_GLANCE)}
