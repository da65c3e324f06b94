"""Contracts of the tables that the SQL files build in warehouse.duckdb."""

from __future__ import annotations

from dataclasses import replace

from warehouse.columns import Column, Relation, integer, moment, number, text, texts
from warehouse.contracts.landed import RAW_TMDB_MAPPING

DIM_TMDB_MAPPING = replace(RAW_TMDB_MAPPING, name="dim_tmdb_mapping")

FILM_COLUMNS = (
    integer("movie_id", "TMDB id; the id that apps and the API speak"),
    integer("movielens_id", "MovieLens's number, where it has one", nullable=True),
    text("imdb_id", "IMDb id", "tt and digits", nullable=True),
    text("title", "title", nullable=True),
    text("original_title", "title in the film's own language", nullable=True),
    Column("year", "SMALLINT", "year of release", nullable=True),
    Column("release_date", "DATE", "day of release", nullable=True),
    texts("genres", "genres; empty when unknown"),
    texts("keywords", "what it is about; empty when unknown"),
    texts("cast_names", "top cast in order; empty when unknown"),
    texts("directors", "directors; empty when unknown"),
    texts("tags", "words that people put on it, the most used first"),
    text("overview", "what it is about, in a few lines", nullable=True),
    text("tagline", "its tagline", nullable=True),
    Column("runtime", "SMALLINT", "length", "minutes", nullable=True),
    text("language", "original language", "ISO 639-1", nullable=True),
    text("poster_path", "TMDB's path of the poster", nullable=True),
    text("backdrop_path", "TMDB's path of the backdrop", nullable=True),
    number("vote_average", "TMDB's mean vote", "0-10", nullable=True),
    integer("vote_count", "TMDB's votes", nullable=True),
    number("popularity", "TMDB's popularity, on a scale that drifts over the years", nullable=True),
)
ENRICHED_AT = moment("enriched_at", "when its facts were fetched from TMDB", nullable=True)

DIM_MOVIES = Relation(
    "dim_movies",
    "every film that Playbill knows, with the best that is known of it",
    "a film",
    ("movie_id",),
    (*FILM_COLUMNS, ENRICHED_AT),
)
FCT_INTERACTIONS = Relation(
    "fct_interactions",
    "what each person thinks of each film: their latest rating, and what their events say",
    "a person and a film",
    ("user_id", "movie_id"),
    (
        text("user_id", "ml_1: MovieLens; sample_1: the sample; the app's UUID, or app_…; ev_…: other ids in logs"),
        integer("movie_id", "TMDB id"),
        number("rating", "the latest rating, or the stars that events stand for", "0.5-5.0 stars"),
        moment("rated_at", "when the latest rating was given, or the last event happened"),
        texts("sources", "the sources it came from"),
    ),
)
FCT_TAGS = Relation(
    "fct_tags",
    "who put which word on which film, and when",
    "a person, a film and a tag",
    ("user_id", "movie_id", "tag"),
    (
        text("user_id", "as in fct_interactions"),
        integer("movie_id", "TMDB id"),
        text("tag", "the word or words, lower-cased"),
        moment("tagged_at", "when it was given first"),
    ),
)
INT_EVENT_SIGNALS = Relation(
    "int_event_signals",
    "what interaction logs say of a person and a film",
    "a person and a film",
    ("user_id", "movie_id"),
    (
        text("user_id", "the person"),
        integer("movie_id", "TMDB id"),
        number("stars", "stars of the latest opinion, else of the strongest event", "0.5-5.0"),
        moment("happened_at", "the last event"),
    ),
)
INT_REPEATED_PAIRS = Relation(
    "int_repeated_pairs",
    "people and films of which more than one row tells, so that all others may pass straight through",
    "a person and a film",
    ("user_id", "movie_id"),
    (text("user_id", "the person"), integer("movie_id", "TMDB id")),
)
INT_SUPPRESSED_PEOPLE = Relation(
    "int_suppressed_people",
    "people in the lake who asked to be forgotten",
    "a person",
    ("user_id",),
    (text("user_id", "the person"),),
)
MART_SOURCE_COUNTS = Relation(
    "mart_source_counts",
    "how much each source brings",
    "a source",
    ("source",),
    (
        text("source", "movielens, sample, supabase, events"),
        integer("ratings", "landed ratings, or events"),
    ),
)
MART_DROPPED_RATINGS = Relation(
    "mart_dropped_ratings",
    "landed ratings that are in no history, counted",
    "a source and a reason",
    ("source", "reason"),
    (
        text("source", "movielens, sample, supabase, events"),
        text("reason", "why they were left out"),
        integer("ratings", "how many"),
    ),
)
MART_MOVIE_STATS = Relation(
    "mart_movie_stats",
    "how often, how well and how lately each film is rated",
    "a film with a rating",
    ("movie_id",),
    (
        integer("movie_id", "TMDB id"),
        integer("ratings", "people who rated it"),
        number("mean_rating", "mean rating", "0.5-5.0 stars"),
        integer("likes", "people who gave it 4 stars or more"),
        moment("last_rated_at", "its newest rating"),
    ),
)
MART_USER_PROFILES = Relation(
    "mart_user_profiles",
    "who somebody is, in a line",
    "a person",
    ("user_id",),
    (
        text("user_id", "the person"),
        integer("ratings", "films they rated"),
        number("mean_rating", "their mean rating", "0.5-5.0 stars"),
        texts("top_genres", "up to three genres they like most (4 stars and more)"),
        texts("top_directors", "up to three directors of two or more films they like"),
        moment("last_rated_at", "their newest rating"),
    ),
)

CORE = {
    relation.name: relation
    for relation in (
        DIM_TMDB_MAPPING,
        DIM_MOVIES,
        INT_EVENT_SIGNALS,
        INT_REPEATED_PAIRS,
        INT_SUPPRESSED_PEOPLE,
        FCT_INTERACTIONS,
        FCT_TAGS,
        MART_DROPPED_RATINGS,
        MART_MOVIE_STATS,
        MART_SOURCE_COUNTS,
        MART_USER_PROFILES,
    )
}
