"""Contracts of the ledgers: append-only Parquet logs of what ran, in ``lake/ledgers/<name>/``."""

from __future__ import annotations

from warehouse.columns import Column, Relation, integer, moment, number, text, texts
from warehouse.contracts.tmdb import ENRICHMENT_COLUMNS

RECORDED_AT = moment("recorded_at", "when the row was written")
RUN_ID = text("run_id", "the run that wrote it: its start in UTC and six hex digits")

INGEST = Relation(
    "ingest",
    "what each ingest landed; the newest row tells which data set is active",
    "an ingest of a source",
    ("run_id", "source"),
    (
        RECORDED_AT,
        RUN_ID,
        text("source", "movielens, sample, links, supabase, events"),
        text("dataset", "ml-latest-small, sample, …"),
        text("batch_id", "folder of the batch under lake/<source>"),
        integer("ratings", "rating rows in the batch"),
        integer("films", "film rows in the batch"),
        integer("bad_rows", "rows kept aside in the quarantine"),
        texts("reasons", "why, with counts"),
        Column("new", "BOOLEAN", "false when the same content had landed before"),
    ),
)
QUALITY = Relation(
    "quality",
    "what the quality checks found",
    "a check of a run",
    ("run_id", "check_name"),
    (
        RECORDED_AT,
        RUN_ID,
        text("check_name", "name of the SQL file in warehouse/sql/checks"),
        text("severity", "error stops the run, warn does not", values=("error", "warn")),
        text("why", "what goes wrong when rows are found"),
        integer("rows_found", "offending rows; 0 is good"),
        text("example", "one offending row as JSON, without whose it is", nullable=True),
    ),
)
READS = Relation(
    "reads",
    "reads of the app's table of ratings; the newest tells where the next begins",
    "a read",
    ("run_id", "source"),
    (
        RECORDED_AT,
        RUN_ID,
        text("source", "supabase"),
        text("target", "the table and columns that were read"),
        text("mode", "full: all rows; changes: those changed since the mark"),
        moment("watermark", "the newest change seen; none where the table has no updated_at", nullable=True),
        integer("rows_read", "rows that the server gave"),
        integer("fresh", "rows not known before"),
        integer("changed", "rows that are otherwise than before"),
        integer("deleted", "rows that are gone"),
        text("batch_id", "folder of the batch under lake/supabase; none when nothing changed", nullable=True),
    ),
)
SOURCES = Relation(
    "sources",
    "how much each source brought to a build that passed its checks",
    "a source of a run",
    ("run_id", "source"),
    (
        RECORDED_AT,
        RUN_ID,
        text("source", "movielens, sample, supabase, events"),
        text("dataset", "the data set, for those that have several"),
        integer("ratings", "landed ratings, or events"),
    ),
)
SEARCHES = Relation(
    "searches",
    "titles that TMDB's search did not find, so that they are not asked for every night",
    "a film and a search",
    ("run_id", "id_space", "movielens_id"),
    (
        RECORDED_AT,
        RUN_ID,
        text("id_space", "whose numbering movielens_id is", "movielens, ml-100k"),
        integer("movielens_id", "MovieLens's number for a film"),
    ),
)
METRICS = Relation(
    "metrics",
    "how good each model's lists are",
    "a model, a metric and a segment of a run",
    ("run_id", "model", "protocol", "metric", "k", "segment"),
    (
        RECORDED_AT,
        RUN_ID,
        text("model", "name of the model"),
        text("recipe", "its hyper-parameters as JSON"),
        text("protocol", "how the ratings were split"),
        text("metric", "ndcg, recall, …"),
        integer("k", "films looked at; none for metrics of single ratings", nullable=True),
        text(
            "segment",
            "whose lists: everybody's, those of people with so many ratings, or which relevant films are looked for",
            values=(
                "all",
                "history:0-5",
                "history:6-20",
                "history:21-100",
                "history:101+",
                "film:cold",
                "film:popular",
                "film:tail",
            ),
        ),
        number("value", "mean over the users; none under 30 of them", nullable=True),
        number("low", "lower end of the 95 % bootstrap interval", nullable=True),
        number("high", "upper end of the 95 % bootstrap interval", nullable=True),
        integer("n", "users it is the mean of"),
    ),
)


def _exact(name: str, description: str, unit: str = "", *, nullable: bool = True) -> Column:
    """Make a DOUBLE column: a number that MLflow and the run's report show too, to the last digit."""
    return Column(name, "DOUBLE", description, unit, nullable)


PROMOTION = Relation(
    "promotion",
    "the gate's decisions, and people's over it, with every number that was compared",
    "a decision",
    ("run_id", "case_name", "recorded_at"),
    (
        RECORDED_AT,
        RUN_ID,
        text("dataset", "the active data set"),
        text(
            "case_name",
            "first: against popularity; challenge: a new recipe; refresh: the champion's own on fresh ratings; "
            "unchanged: nothing new; override, rollback: somebody's decision",
        ),
        Column("promoted", "BOOLEAN", "whether the challenger's arrays rank from now on"),
        text("challenger", "model that asked to be published"),
        text("challenger_recipe", "hash of its whole recipe"),
        text("challenger_asked", "the same before its weights were learned"),
        text("champion", "model that it was compared with"),
        text("champion_recipe", "hash of its whole recipe"),
        text("champion_asked", "the same before its weights were learned"),
        text("model", "model that ranks the release: the challenger, or after a refusal the one before", nullable=True),
        text("release_id", "release that lends its arrays; none: this run trained them", nullable=True),
        text("mlflow_run_id", "MLflow's run of the challenger", nullable=True),
        _exact("challenger_ndcg", "the challenger's mean nDCG@10"),
        _exact("champion_ndcg", "the champion's"),
        _exact("difference", "mean difference of nDCG@10, person by person"),
        _exact("low", "lower end of its 95 % bootstrap interval"),
        _exact("high", "upper end of its 95 % bootstrap interval"),
        integer("n", "people compared"),
        _exact("challenger_short", "the challenger's nDCG@10 of people with at most five ratings"),
        _exact("champion_short", "the champion's"),
        _exact("short_low", "lower end of the difference's 95 % interval for these people"),
        _exact("short_high", "upper end of the difference's 95 % interval for these people"),
        integer("short_n", "people with at most five ratings who were compared"),
        _exact("challenger_coverage", "share of the films that the challenger lists", "0-1"),
        _exact("champion_coverage", "share of the films that the champion lists", "0-1"),
        _exact("challenger_full", "share of the challenger's lists that hold ten films", "0-1"),
        _exact("champion_full", "share of the champion's", "0-1"),
        _exact("challenger_exposure", "share of all places in its lists that ten films take", "0-1"),
        _exact("champion_exposure", "the same of the champion's lists", "0-1"),
        _exact("overlap", "mean share of a list's ten films that the champion lists too", "0-1"),
        text("decided_by", "the gate, or who decided over it"),
        text("because", "why somebody decided over the gate", nullable=True),
        texts("reasons", "the decision in words"),
    ),
)
RELEASES = Relation(
    "releases",
    "what was published, rolled back, pinned and removed",
    "an event",
    ("recorded_at",),
    (
        RECORDED_AT,
        RUN_ID,
        text("event", "published, rolled back, pinned, unpinned, removed"),
        text("release_id", "the release it is about"),
        text("previous", "the release that was current before", nullable=True),
    ),
)

ENRICHMENT = Relation(
    "enrichment",
    "what came of asking TMDB; the newest row of a film is where it stands",
    "a film, and until the next compaction each time that it was asked",
    ("asked_id",),
    (RECORDED_AT, RUN_ID, *ENRICHMENT_COLUMNS),
)
ENRICHMENT_RUNS = Relation(
    "enrichment_runs",
    "runs of the enrichment, and how far each has read TMDB's list of changes",
    "an event of a run",
    ("run_id", "event"),
    (
        RECORDED_AT,
        RUN_ID,
        text("event", "started: the run begins to ask; done: it ended, whether or not it came to all films"),
        moment("changes_until", "TMDB's list of changes is read until then; none when it was not read", nullable=True),
        integer("found", "films found"),
        integer("missing", "films that TMDB does not know"),
        integer("remapped", "films that have another id now"),
        integer("failed", "films that could not be asked"),
        integer("kept", "films known from before"),
        integer("left_over", "films that the run did not come to"),
        integer("requests", "requests made"),
        texts("problems", "values coerced or dropped, counted by field and reason"),
        text("note", "the run in words"),
    ),
)
ENRICHMENT_COVERAGE = Relation(
    "enrichment_coverage",
    "how many of the active films TMDB's facts cover",
    "a field of a run",
    ("run_id", "field"),
    (
        RECORDED_AT,
        RUN_ID,
        text("field", "column of the movies table"),
        integer("films", "films of the data set with a TMDB id"),
        integer("known", "films of which it is known"),
        number("share", "known over films", "0-1"),
        number("weighted_share", "the same, each film counted by its ratings", "0-1"),
    ),
)

LEDGERS = {
    relation.name: relation
    for relation in (
        INGEST,
        READS,
        SOURCES,
        SEARCHES,
        QUALITY,
        METRICS,
        PROMOTION,
        RELEASES,
        SEARCHES,
        ENRICHMENT,
        ENRICHMENT_RUNS,
        ENRICHMENT_COVERAGE,
    )
}
