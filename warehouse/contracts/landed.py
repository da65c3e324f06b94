"""Contracts of what the sources land in the lake, as the raw views show it."""

from __future__ import annotations

from warehouse.columns import Column, Relation, integer, moment, number, text, texts
from warehouse.contracts.tmdb import RAW_TMDB_MOVIES

RAW_MOVIELENS_RATINGS = Relation(
    "raw_movielens_ratings",
    "the ratings file of the active MovieLens set",
    "a row of the file",
    (),
    (
        Column("user_id", "BIGINT", "MovieLens's number for a person"),
        integer("movielens_id", "MovieLens's number for a film"),
        number("rating", "stars", "0.5-5.0"),
        Column("timestamp", "BIGINT", "when it was rated", "seconds since 1970 UTC"),
    ),
)
RAW_MOVIELENS_FILMS = Relation(
    "raw_movielens_films",
    "the films file of the active MovieLens set",
    "a film",
    ("movielens_id",),
    (
        integer("movielens_id", "MovieLens's number for a film"),
        text("title", "title with its article in front, without the year"),
        Column("year", "SMALLINT", "year in the title's brackets", nullable=True),
        texts("genres", "MovieLens's genres"),
    ),
)
RAW_MOVIELENS_LINKS = Relation(
    "raw_movielens_links",
    "links.csv of the active MovieLens set",
    "a film",
    ("movielens_id",),
    (
        integer("movielens_id", "MovieLens's number for a film"),
        Column("imdb_number", "BIGINT", "IMDb id without its tt", nullable=True),
        integer("tmdb_id", "TMDB's number for the film", nullable=True),
    ),
)
RAW_MOVIELENS_TAGS = Relation(
    "raw_movielens_tags",
    "tags.csv of the active MovieLens set",
    "a tag that somebody put on a film",
    (),
    (
        Column("user_id", "BIGINT", "MovieLens's number for a person"),
        integer("movielens_id", "MovieLens's number for a film"),
        text("tag", "the words, as typed"),
        Column("timestamp", "BIGINT", "when", "seconds since 1970 UTC"),
    ),
)
RAW_SAMPLE_RATINGS = Relation(
    "raw_sample_ratings",
    "ratings of the embedded sample",
    "a rating",
    ("user_id", "movie_id"),
    (
        text("user_id", "sample_1 and so on"),
        integer("movie_id", "TMDB id"),
        number("rating", "stars", "0.5-5.0"),
        moment("rated_at", "when it was rated"),
    ),
)
RAW_SAMPLE_FILMS = Relation(
    "raw_sample_films",
    "films of the embedded sample",
    "a film",
    ("movie_id",),
    (
        integer("movie_id", "TMDB id"),
        text("imdb_id", "IMDb id", "tt and digits"),
        text("title", "title"),
        Column("year", "SMALLINT", "year of release"),
        texts("genres", "genres, in TMDB's words"),
        texts("keywords", "what it is about"),
        texts("directors", "directors"),
        texts("cast_names", "top cast in order"),
        Column("runtime", "SMALLINT", "length", "minutes"),
        text("language", "original language", "ISO 639-1"),
        text("overview", "one line on the premise"),
    ),
)
RAW_TMDB_MAPPING = Relation(
    "raw_tmdb_mapping",
    "the ledger of which TMDB film a MovieLens film is",
    "a film of a MovieLens numbering",
    ("id_space", "movielens_id"),
    (
        text("id_space", "whose numbering movielens_id is", "movielens, ml-100k"),
        integer("movielens_id", "MovieLens's number for a film"),
        integer("movie_id", "TMDB id"),
        text("imdb_id", "IMDb id", nullable=True),
        text(
            "method",
            "how it was matched",
            "links, override, or title, alias, loose, part, near; tmdb: before a search's",
        ),
        moment("matched_at", "when it was matched"),
    ),
)
RAW_SUPABASE_RATINGS = Relation(
    "raw_supabase_ratings",
    "changes of the app's table of ratings, as they were read; the newest batch tells how a row is",
    "a person, a film and a batch",
    ("user_id", "movie_id", "batch_id"),
    (
        text("user_id", "the app's user, a UUID"),
        integer("movie_id", "TMDB id"),
        number("rating", "stars", "0.5-5.0"),
        moment("rated_at", "when it was given or last changed; when it was first read where the table has no time"),
        text("row_id", "the table's own key", nullable=True),
        Column("deleted", "BOOLEAN", "whether the row is gone from the table"),
        text("batch_id", "folder of the batch under lake/supabase; they sort by age"),
    ),
)
RAW_EVENTS_SIGNALS = Relation(
    "raw_events_signals",
    "lines of interaction logs",
    "a line of a log",
    ("batch_id", "line"),
    (
        text("user_id", "a UUID, or ev_ and the log's id"),
        integer("tmdb_id", "the film by its TMDB id", nullable=True),
        integer("movielens_id", "the film by its MovieLens id", nullable=True),
        text("imdb_id", "the film by its IMDb id", "tt and digits", nullable=True),
        text("event", "like, dislike, playlist_add, view, finish, skip, rating"),
        moment("happened_at", "when"),
        number("value", "stars of a rating, 0.5-5.0; kept but not read for other events", nullable=True),
        Column("line", "BIGINT", "number of the line in its file, from 1"),
        text("batch_id", "folder of the batch under lake/events"),
    ),
)
RAW_EVENT_WEIGHTS = Relation(
    "raw_event_weights",
    "what each kind of event says, from the settings",
    "a kind of event",
    ("event",),
    (
        text("event", "like, dislike, …"),
        number("weight", "added to the implicit weight"),
        number("stars", "the rating it stands for", "0.5-5.0"),
        Column("opinion", "BOOLEAN", "whether a later opinion takes its place"),
    ),
)
RAW_TMDB_OVERRIDES = Relation(
    "raw_tmdb_overrides",
    "the hand-kept list of which TMDB film a MovieLens film is",
    "a film of a MovieLens numbering",
    ("id_space", "movielens_id"),
    (
        text("id_space", "whose numbering movielens_id is", "movielens, ml-100k"),
        integer("movielens_id", "MovieLens's number for a film"),
        integer("movie_id", "TMDB id; none keeps the film out", nullable=True),
    ),
)
RAW_SUPPRESSED_PEOPLE = Relation(
    "raw_suppressed_people",
    "people who asked to be forgotten",
    "a person",
    ("user_hash",),
    (text("user_hash", "SHA-256 of the user_id, in hex"),),
)
RAW_LAST_COUNTS = Relation(
    "raw_last_counts",
    "how many ratings each source brought when a build last passed its checks",
    "a source",
    ("source",),
    (
        text("source", "movielens, sample, supabase, events"),
        integer("ratings", "landed ratings"),
    ),
)

RAW = {
    relation.name: relation
    for relation in (
        RAW_MOVIELENS_RATINGS,
        RAW_MOVIELENS_FILMS,
        RAW_MOVIELENS_LINKS,
        RAW_MOVIELENS_TAGS,
        RAW_SAMPLE_RATINGS,
        RAW_SAMPLE_FILMS,
        RAW_TMDB_MAPPING,
        RAW_TMDB_MOVIES,
        RAW_SUPABASE_RATINGS,
        RAW_EVENTS_SIGNALS,
        RAW_EVENT_WEIGHTS,
        RAW_TMDB_OVERRIDES,
        RAW_SUPPRESSED_PEOPLE,
        RAW_LAST_COUNTS,
    )
}
