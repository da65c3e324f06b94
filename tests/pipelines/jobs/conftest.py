"""A data folder with the small set and an app beside it."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.jobs.ingest import ingest
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import EventSettings
from tests.conftest import SetMaker


@pytest.fixture
def app(settings: Settings, make_set: SetMaker) -> Settings:
    """The small set: films 1-40 are TMDB ids 501-540, IMDb ids tt0100001 and so on."""
    update: dict[str, Any] = {"supabase_url": "https://project.example", "supabase_key": "sb_secret_test"}
    found = Settings(data_dir=settings.data_dir, mlruns_dir=settings.mlruns_dir, **update)
    found = found.model_copy(update={"events": EventSettings(settle_seconds=0)})
    ingest(found, new_run_id(), movielens=make_set())
    return found
