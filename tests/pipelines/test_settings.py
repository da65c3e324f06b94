"""Settings as an entry point reads them: the environment, then ``.env``."""

from __future__ import annotations

import pytest

from pipelines.settings import Settings, load_settings


def key_of(settings: Settings) -> str | None:
    return settings.supabase_key.get_secret_value() if settings.supabase_key else None


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_name_of_a_key_does_not_shadow_the_other(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    monkeypatch.setenv("SUPABASE_SECRET_KEY", empty)
    monkeypatch.setenv("SUPABASE_SERVICE_ROLE_KEY", "eyJ.a.b")
    assert key_of(load_settings()) == "eyJ.a.b"
    monkeypatch.setenv("SUPABASE_SERVICE_ROLE_KEY", empty)
    assert key_of(load_settings()) is None
    monkeypatch.setenv("SUPABASE_SECRET_KEY", "sb_secret_a")
    assert key_of(load_settings()) == "sb_secret_a"


def test_a_name_of_playbills_own_may_be_empty_and_mean_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYBILL_SUPABASE__COLUMNS__CREATED_AT", "")
    assert load_settings().supabase.columns.created_at == ""
