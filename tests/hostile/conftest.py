"""Settings that end every lie soon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina
from pydantic import SecretStr

from pipelines.settings import Settings
from pipelines.settings_sections import LimitSettings, MovieLensSettings, SupabaseSettings, TmdbSettings
from tests.tmdb_fake import API_KEY

SECRET = "sb_secret_hush_hush_hush"
LIMITS = LimitSettings(
    answer_mb=1.0, answer_seconds=1.0, download_mb=2.0, download_seconds=1.0, pages=30, unpacked_mb=4.0,
    line_bytes=65_536, bad_rows_kept=100,
)  # fmt: skip


@pytest.fixture(autouse=True)
def quick_retries() -> Iterator[None]:
    stamina.set_testing(True, attempts=2, cap=True)
    yield
    stamina.set_testing(False)


def settings_for(tmp_path: Path, url: str = "http://127.0.0.1:9", **changed: Any) -> Settings:
    """Return settings of which every service is at ``url``."""
    return Settings(
        data_dir=tmp_path / "data",
        mlruns_dir=tmp_path / "mlruns",
        limits=LIMITS,
        supabase=SupabaseSettings(attempts=2, timeout_seconds=0.5, page_rows=5),
        supabase_url=url,
        supabase_key=SecretStr(SECRET),
        movielens=MovieLensSettings(base_url=url, attempts=2, timeout_seconds=0.5),
        tmdb=TmdbSettings(base_url=f"{url}/3", attempts=2, timeout_seconds=0.5, patience_seconds=0, rate=200, burst=50),
        tmdb_read_token=None,
        tmdb_api_key=SecretStr(API_KEY),
        **changed,
    )
