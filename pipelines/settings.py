"""All settings, in one object that the entry points build and nobody else.

Values come from the environment, then from ``.env``, then from here. Playbill's own names begin with
``PLAYBILL_`` and nest with ``__`` (``PLAYBILL_SERVING__PORT``); services keep the names their own tools use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from warehouse.errors import ConfigError
from warehouse.folder import DataFolder


def project_root() -> Path:
    """Return the checkout this code runs from, or the current folder when it is installed elsewhere."""
    root = Path(__file__).resolve().parents[1]
    return root if (root / "pyproject.toml").exists() else Path.cwd()


class Section(BaseModel):
    """A group of settings; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
    flush_seconds: float = Field(2.0, gt=0, description="How often answers are put on disk: what a crash may cost.")


class QualitySettings(Section):
    """What is let through."""

    max_bad_share: float = Field(0.01, ge=0, le=1, description="Share of a source's rows that may be unusable.")


class TrainingSettings(Section):
    """Which models a run trains and which of them it would publish."""

    models: tuple[str, ...] = Field(("popularity", "als"), description="Models that a run trains, as a JSON list.")
    published: str = Field("als", description="The one whose lists are published if it beats popularity.")
    gate: str = Field("next", description="Protocol on which it must do so.")
    protocols: tuple[str, ...] = Field(("next", "last-out"), description="Protocols that a run reports.")


class ListSettings(Section):
    """How long the lists of a release are."""

    length: int = Field(50, ge=1, le=1000, description="Films stored for every user.")
    explained: int = Field(10, ge=0, le=100, description="How many of them carry the films they are due to.")
    similar: int = Field(20, ge=1, le=200, description="Similar films stored for every film.")


class ReleaseSettings(Section):
    """How many releases stay on disk."""

    keep: int = Field(10, ge=2, description="Newest releases kept; the current one and pinned ones always are.")


class ServingSettings(Section):
    """The HTTP API."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="Keys that open personal lists, separated by commas; none leaves the API open on loopback."
    )
    poll_seconds: float = Field(1.0, gt=0, description="How often the API looks for a new release.")


class Settings(BaseSettings):
    """Everything that can be configured. Build it with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix="PLAYBILL_", env_nested_delimiter="__", extra="ignore", frozen=True, populate_by_name=True
    )

    data_dir: Path = Field(Path("warehouse/data"), description="The data folder; relative to the project.")
    mlruns_dir: Path = Field(Path("mlruns"), description="MLflow's database and artifacts; relative to the project.")
    random_state: int = Field(42, ge=0, description="Seed of everything random in training and evaluation.")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe log line shown.")
    movielens: MovieLensSettings = MovieLensSettings()
    tmdb: TmdbSettings = TmdbSettings()
    quality: QualitySettings = QualitySettings()
    training: TrainingSettings = TrainingSettings()
    lists: ListSettings = ListSettings()
    releases: ReleaseSettings = ReleaseSettings()
    serving: ServingSettings = ServingSettings()

    tmdb_read_token: SecretStr | None = Field(
        None, validation_alias=AliasChoices("TMDB_READ_TOKEN"), description="TMDB's API read access token."
    )
    tmdb_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("TMDB_API_KEY"), description="TMDB's API key, where there is no token."
    )
    mlflow_tracking_uri: str | None = Field(
        None,
        validation_alias=AliasChoices("MLFLOW_TRACKING_URI"),
        description="An MLflow server to log to instead of the local mlruns folder.",
    )
    prefect_api_url: str | None = Field(
        None, validation_alias=AliasChoices("PREFECT_API_URL"), description="A Prefect server to report runs to."
    )

    @property
    def folder(self) -> DataFolder:
        """The data folder's paths, absolute."""
        return DataFolder(_anchored(self.data_dir))

    @property
    def mlruns(self) -> Path:
        """MLflow's folder, absolute."""
        return _anchored(self.mlruns_dir)


def _anchored(path: Path) -> Path:
    return path if path.is_absolute() else project_root() / path


def load_settings() -> Settings:
    """Read the settings from the environment and the project's ``.env``.

    Raises
    ------
    ConfigError
        If a value cannot be used; the message names the variable and never repeats its value.
    """
    try:
        return Settings(_env_file=project_root() / ".env")
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "__".join(str(part) for part in first["loc"]).upper()
        own = ("MLFLOW", "PREFECT", "TMDB_READ_TOKEN", "TMDB_API_KEY")
        known = name if name.startswith(own) else f"PLAYBILL_{name}"
        raise ConfigError(f"setting {known}: {first['msg']}; see .env.example") from None
