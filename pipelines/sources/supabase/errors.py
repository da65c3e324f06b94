"""What Postgres and PostgREST refuse, in words that end it: the statement to run or the setting to change."""

from __future__ import annotations

import re

from pipelines.settings_sections import SupabaseSettings
from warehouse.errors import ConfigError, PlaybillError, SourceError

COLUMN = re.compile(r"column \"?(?:\w+\.)*(\w+)\"? does not exist|the '(\w+)' column")


def explain(code: str | None, message: str, settings: SupabaseSettings) -> PlaybillError | None:
    """Return the error for a code that trying again does not help, or None for any other.

    Parameters
    ----------
    code : str or None
        An SQLSTATE (42501) or a PostgREST code (PGRST205).
    message : str
        The server's own words.
    """
    table = f"{settings.db_schema}.{settings.table}"
    if code == "42501":
        return SourceError(
            f"Supabase: no permission to read {table}; run in the project's SQL editor: "
            f"GRANT USAGE ON SCHEMA {settings.db_schema} TO service_role; GRANT SELECT ON {table} TO service_role;"
        )
    if code in ("PGRST205", "42P01"):
        return ConfigError(
            f"Supabase: there is no table {table} ({message}); set PLAYBILL_SUPABASE__TABLE and "
            "PLAYBILL_SUPABASE__DB_SCHEMA to the table that holds the ratings"
        )
    if code in ("PGRST106", "3F000"):
        return ConfigError(
            f"Supabase: schema {settings.db_schema} is not served ({message}); add it to the exposed schemas in the "
            "project's API settings, or set PLAYBILL_SUPABASE__DB_SCHEMA"
        )
    if code in ("42703", "PGRST204"):
        missing = missing_column(message) or "one of the columns"
        return ConfigError(
            f"Supabase: table {table} has no column {missing}; set {setting_of(missing, settings)} to its name there"
        )
    if code in ("22P02", "42883"):
        return ConfigError(
            f"Supabase: a column of {table} has another type than expected ({message}); user_id is text or uuid, "
            "movie_id a whole number, rating a number; see PLAYBILL_SUPABASE__COLUMNS__…"
        )
    return None


def missing_column(message: str) -> str | None:
    """Return the column that a message of code 42703 says is not there."""
    found = COLUMN.search(message)
    return (found.group(1) or found.group(2)) if found else None


def setting_of(column: str, settings: SupabaseSettings) -> str:
    """Return the setting that names a column of the table."""
    names = settings.columns.model_dump()
    field = next((field for field, name in names.items() if name == column), "…")
    return f"PLAYBILL_SUPABASE__COLUMNS__{field.upper()}"
