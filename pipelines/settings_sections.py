"""The settings of each part, a section a class; `pipelines.settings` puts them together."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from pipelines.settings_llm import Section
from pipelines.settings_names import ModelName, ProtocolName


class MovieLensSettings(Section):
    """Where MovieLens is downloaded from, and how patiently."""

    base_url: str = Field(
        "https://files.grouplens.org/datasets/movielens", description="Folder that holds the data sets' zip files."
    )
    timeout_seconds: float = Field(30.0, gt=0, description="Longest silence of the server before a retry.")
    attempts: int = Field(4, ge=1, description="Tries before a download is given up.")


class TmdbSettings(Section):
    """How TMDB is asked about films; its key has its own name, TMDB_READ_TOKEN or TMDB_API_KEY."""

    base_url: str = Field(
        "https://api.themoviedb.org/3", pattern=r"^https?://[^\s/]", description="Where TMDB's API begins."
    )
    rate: float = Field(20.0, gt=0, le=200, description="Requests a second; TMDB allows about 40.")
    burst: int = Field(4, ge=1, le=100, description="Requests that may be made at once after a pause.")
    in_flight: int = Field(8, ge=1, le=100, description="Requests that may wait for an answer at one time.")
    timeout_seconds: float = Field(10.0, gt=0, description="Longest silence of the server before a retry.")
    attempts: int = Field(5, ge=1, description="Tries before a film is put off to a later run.")
    patience_seconds: float = Field(60.0, ge=0, description="How long TMDB may be down before a run goes on without.")
    max_age_days: int = Field(150, ge=1, le=180, description="Age at which facts are fetched anew; TMDB allows 180.")
    missing_days: int = Field(30, ge=1, description="Days after which a film that TMDB does not know is asked again.")
    discovery_rate: float = Field(5.0, gt=0, le=100, description="Requests a second of the API, all workers together.")
    discovery_seconds: float = Field(1.5, gt=0, le=30, description="Longest time that TMDB may add to an answer.")
    discovery_minutes: float = Field(10.0, gt=0, description="How long its lists are given again without asking.")
    flush_seconds: float = Field(2.0, gt=0, description="How often answers are put on disk: what a crash may cost.")


class LimitSettings(Section):
    """How much a source may give before it is refused by name: far above what is meant, below what hurts."""

    line_bytes: int = Field(1_048_576, ge=256, description="Longest line of a file.")
    unpacked_mb: float = Field(8192.0, gt=0, description="Longest file that a zip or gzip may unpack to.")
    bad_rows_kept: int = Field(
        100_000, ge=1, description="Unusable rows of a file that are kept in the quarantine; further ones are counted."
    )
    answer_mb: float = Field(32.0, gt=0, description="Longest answer of a service, unpacked.")
    answer_seconds: float = Field(120.0, gt=0, description="Longest time that one answer may take, however steadily.")
    download_mb: float = Field(8192.0, gt=0, description="Longest download.")
    download_seconds: float = Field(14_400.0, gt=0, description="Longest time that one try of a download may take.")
    pages: int = Field(200_000, ge=1, description="Most pages of one read.")


class QualitySettings(Section):
    """What is let through."""

    max_bad_share: float = Field(0.01, ge=0, le=1, description="Share of a source's rows that may be unusable.")
    max_drop_share: float = Field(
        0.5, ge=0, le=1, description="Share of a source's rows that may be gone since its last batch; 1 lets all go."
    )


class SupabaseColumns(Section):
    """What the columns of the ratings table are called; an optional one that is not there is done without."""

    user_id: str = Field("user_id", min_length=1, description="Who rated: a uuid.")
    movie_id: str = Field("movie_id", min_length=1, description="The film's TMDB id.")
    rating: str = Field("rating", min_length=1, description="0.5-5.0 stars.")
    id: str = Field("id", description="A unique key, optional.")
    created_at: str = Field("created_at", description="When the row was made, optional.")
    updated_at: str = Field("updated_at", description="When the row was last changed, optional.")


class SupabaseSettings(Section):
    """The table that an app keeps its ratings in, and how it is read."""

    db_schema: str = Field("public", min_length=1, description="Schema of the table.")
    table: str = Field("ratings", min_length=1, description="The table.")
    columns: SupabaseColumns = SupabaseColumns()
    page_rows: int = Field(1000, ge=1, le=100_000, description="Rows asked for at once; the server may give fewer.")
    overlap_minutes: float = Field(10.0, ge=0, description="How far before its mark a nightly read begins.")
    issuer: str = Field("", description="Who issues users' tokens, where it is not SUPABASE_URL/auth/v1.")
    full_read_days: float = Field(7.0, gt=0, description="Days after which all is read, which finds deletions.")
    timeout_seconds: float = Field(30.0, gt=0, description="Longest silence of the server before a retry.")
    attempts: int = Field(6, ge=1, description="Tries before a page, and so the ingest, is given up.")


class EventRule(Section):
    """What one kind of event says about a film."""

    weight: float = Field(
        0.0, ge=-10, le=10, description="How loudly it speaks among several; the sign is of no matter."
    )
    stars: float = Field(3.0, ge=0.5, le=5, description="The rating it stands for where nobody gave stars.")
    opinion: bool = Field(False, description="Whether a later opinion takes its place, as a like does a dislike's.")


class EventFields(Section):
    """What the fields of a log are called, for one that has other names; ``properties.film`` is a field in a field."""

    user_id: str = Field("user_id", min_length=1, description="Who.")
    movie_id: str = Field("movie_id", min_length=1, description="The film's TMDB id.")
    tmdb_id: str = Field("tmdb_id", min_length=1, description="The same.")
    movielens_id: str = Field("movielens_id", min_length=1, description="Or its MovieLens id.")
    imdb_id: str = Field("imdb_id", min_length=1, description="Or its IMDb id.")
    event: str = Field("event", min_length=1, description="What they did.")
    timestamp: str = Field("timestamp", min_length=1, description="When.")
    value: str = Field("value", min_length=1, description="Stars of a rating.")


class EventSettings(Section):
    """Interaction logs: which events there are and what they weigh. A `rating` event carries its own stars."""

    rules: dict[str, EventRule] = Field(
        {
            "like": EventRule(weight=2.0, stars=4.5, opinion=True),
            "dislike": EventRule(weight=-2.0, stars=1.0, opinion=True),
            "playlist_add": EventRule(weight=1.5, stars=4.0),
            "finish": EventRule(weight=1.5, stars=4.0),
            "view": EventRule(weight=0.5, stars=3.5),
            "skip": EventRule(weight=-0.5, stars=2.0),
        },
        description="Weight, stars and opinion of each event, as JSON.",
    )
    settle_seconds: float = Field(2.0, ge=0, description="A file younger than this is looked at twice for growth.")
    fields: EventFields = EventFields()
    names: dict[str, str] = Field(
        {}, description='What a log calls its events, as JSON: {"watched": "view", "rated": "rating"}.'
    )


class TrainingSettings(Section):
    """Which models a run trains and which of them it would publish."""

    models: tuple[ModelName, ...] = Field(
        ("popularity", "als", "ease", "covisitation", "content", "hybrid"),
        description="Models that a run trains, as a JSON list.",
    )
    published: ModelName = Field("hybrid", description="The one whose lists are published if it beats popularity.")
    gate: ProtocolName = Field("next", description="Protocol on which it must do so.")
    protocols: tuple[ProtocolName, ...] = Field(("next", "last-out"), description="Protocols that a run reports.")
    stars: bool = Field(True, description="Whether SVD learns to predict ratings, with its error; it ranks nothing.")
    measured_people: int = Field(
        20_000, ge=1, description="People whose lists are measured at most, drawn by the seed; all are learned from."
    )


class ListSettings(Section):
    """How long the lists of a release are."""

    length: int = Field(50, ge=1, le=1000, description="Films stored for every user.")
    explained: int = Field(10, ge=0, le=100, description="How many of them carry the films they are due to.")
    similar: int = Field(20, ge=1, le=200, description="Similar films stored for every film.")


class ReleaseSettings(Section):
    """How many releases stay on disk."""

    keep: int = Field(10, ge=2, description="Newest releases kept; the current one and pinned ones always are.")
    daily: int = Field(7, ge=0, description="Of each of so many last days, the last release is kept besides.")


class ServingSettings(Section):
    """The HTTP API."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=64, description="Processes that answer; each holds the release's lists.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="Keys that open personal lists, separated by commas; none leaves the API open on loopback."
    )
    poll_seconds: float = Field(1.0, gt=0, description="How often the API looks for a new release.")
    lists_memory_mb: float = Field(1024.0, ge=0, description="Lists larger than this are looked up, not held.")
    max_release_age_hours: float = Field(36.0, gt=0, description="/ready says no when the release is older.")
    poster_base_url: str = Field("https://image.tmdb.org/t/p/w500", description="Put before a poster's path.")
    access_log: bool = Field(True, description="One line a request: route, status, time; nothing about people.")
    gzip_bytes: int = Field(1024, ge=0, description="Answers longer than this are compressed for who accepts it.")
    max_body_bytes: int = Field(262_144, ge=1024, description="Longest request body.")
    max_connections: int = Field(1000, ge=1, description="Connections to one worker; the oldest unfinished one goes.")
    head_seconds: float = Field(10.0, gt=0, description="Longest time for a request's line and headers to come.")
    body_seconds: float = Field(20.0, gt=0, description="Longest time for a request's body to come.")
    answer_seconds: float = Field(30.0, gt=0, description="Longest time to make an answer, and for it to be read.")
    idle_seconds: int = Field(65, ge=1, description="How long a connection may wait for its next request.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Web origins that may call the API from a browser, separated by commas; none by default."
    )
    min_ratings: int = Field(5, ge=0, description="Under so many ratings /recommendations/me gives popular films.")
    live_seconds: float = Field(0.4, gt=0, description="Longest wait for Supabase before the stored list is given.")
    live_rate: float = Field(5.0, gt=0, description="Live lists a second that one caller may ask for, on average.")
    live_burst: int = Field(20, ge=1, description="Live lists that one caller may ask for at once.")
    routes: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(
        {},
        description='Releases beside the current one, each with its share of people, as JSON: {"ID": 0.1}.',
    )
    routes_salt: str = Field("playbill", description="Another salt sends other people to those releases.")
    exposure_log: bool = Field(False, description="Whether what lists showed whom is logged to the inbox, for ingest.")
    feedback: bool = Field(False, description="Whether POST /feedback exists, for apps without a log of their own.")
    feedback_file_mb: float = Field(16.0, gt=0, description="A feedback file is closed at this size.")

    @field_validator("routes")
    @classmethod
    def _at_most_everybody(cls, routes: dict[str, float]) -> dict[str, float]:
        if sum(routes.values()) > 1 + 1e-9:
            raise ValueError(f"the shares add up to {sum(routes.values()):g}, more than 1")
        return routes

    @field_validator("api_keys", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
