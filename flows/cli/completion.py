"""What the shell completes: names of models and of releases."""

from __future__ import annotations


def model_names(incomplete: str) -> list[str]:
    """Return the models whose names begin so."""
    from pipelines.settings_names import MODEL_NAMES

    return [name for name in MODEL_NAMES if name.startswith(incomplete)]


def release_ids(incomplete: str) -> list[str]:
    """Return the releases whose ids begin so, the newest first; none where the settings cannot be read."""
    from pipelines.settings import load_settings
    from warehouse.errors import PlaybillError
    from warehouse.store import ReleaseStore

    try:
        return [one for one in ReleaseStore(load_settings().folder).ids() if one.startswith(incomplete)]
    except PlaybillError:
        return []
