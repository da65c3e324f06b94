"""All settings, in one object that the entry points build and nobody else.

Values come from the environment, then from ``.env``, then from here. Playbill's own names begin with
``PLAYBILL_`` and nest with ``__`` (``PLAYBILL_SERVING__PORT``); services keep the names their own tools use.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from pipelines.settings_gate import GateSettings
from pipelines.settings_llm import LlmSettings
from pipelines.settings_names import refuse_unknown, variable_not_json, variables_given
from pipelines.settings_sections import (
    EventSettings,
    LimitSettings,
    ListSettings,
    MovieLensSettings,
    QualitySettings,
    ReleaseSettings,
    ServingSettings,
    SupabaseSettings,
    TmdbSettings,
    TrainingSettings,
)
from pipelines.settings_spotify import SpotifySettings
from warehouse.errors import ConfigError
from warehouse.folder import DataFolder

JSON_EXAMPLE = '["als", "hybrid"]'


def project_root() -> Path:
    """Return the checkout this code runs from, or the current folder when it is installed elsewhere."""
    root = Path(__file__).resolve().parents[1]
    return root if (root / "pyproject.toml").exists() else Path.cwd()


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
    limits: LimitSettings = LimitSettings()
    supabase: SupabaseSettings = SupabaseSettings()
    events: EventSettings = EventSettings()
    training: TrainingSettings = TrainingSettings()
    gate: GateSettings = GateSettings()
    lists: ListSettings = ListSettings()
    releases: ReleaseSettings = ReleaseSettings()
    serving: ServingSettings = ServingSettings()
    llm: LlmSettings = LlmSettings()
    spotify: SpotifySettings = SpotifySettings()

    tmdb_read_token: SecretStr | None = Field(
        None, validation_alias=AliasChoices("TMDB_READ_TOKEN"), description="TMDB's API read access token."
    )
    tmdb_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("TMDB_API_KEY"), description="TMDB's API key, where there is no token."
    )
    spotify_client_id: str | None = Field(
        None, validation_alias=AliasChoices("SPOTIFY_CLIENT_ID"), description="Spotify's id of your app, for music."
    )
    spotify_client_secret: SecretStr | None = Field(
        None, validation_alias=AliasChoices("SPOTIFY_CLIENT_SECRET"), description="Its secret."
    )
    supabase_url: str | None = Field(
        None,
        validation_alias=AliasChoices("SUPABASE_URL"),
        description="The Supabase project whose ratings are read, https://<project>.supabase.co.",
    )
    supabase_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"),
        description="Its secret key, or the service_role key of an older project.",
    )
    supabase_db_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("SUPABASE_DB_URL"),
        description="Its Postgres connection string in session mode, for reading in bulk instead.",
    )
    mlflow_tracking_uri: str | None = Field(
        None,
        validation_alias=AliasChoices("MLFLOW_TRACKING_URI"),
        description="An MLflow server to log to instead of the local mlruns folder.",
    )
    prefect_api_url: str | None = Field(
        None, validation_alias=AliasChoices("PREFECT_API_URL"), description="A Prefect server to report runs to."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take a service's name that is empty, as ``SUPABASE_SECRET_KEY=``, for one that is not set.

        It would shadow the other name of the same key. Playbill's own may be empty and mean it.
        """
        for source in (env_settings, dotenv_settings):
            if isinstance(source, EnvSettingsSource):
                source.env_vars = {
                    name: value
                    for name, value in source.env_vars.items()
                    if name.upper().startswith("PLAYBILL_") or (value or "").strip()
                }
        return init_settings, env_settings, dotenv_settings, file_secret_settings

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
    env_file = project_root() / ".env"
    given = variables_given(env_file)
    refuse_unknown(Settings, given)
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "__".join(str(part) for part in first["loc"]).upper()
        own = name.startswith(("MLFLOW", "PREFECT", "SPOTIFY_", "SUPABASE_", "TMDB_")) and "__" not in name
        known = name if own else f"PLAYBILL_{name}"
        raise ConfigError(f"setting {known}: {first['msg']}; see .env.example") from None
    except SettingsError as error:
        field = str(error).partition('"')[2].partition('"')[0]
        name = variable_not_json(field, given)
        raise ConfigError(f"setting {name}: its value is not JSON, such as {JSON_EXAMPLE}; see .env.example") from None
