"""Questions to the Data API as PostgREST writes them: the rows after a key, the rows changed since a moment.

https://docs.postgrest.org/en/stable/references/api/tables_views.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from warehouse.errors import SourceFormatError

Query = dict[str, str]


def changed_since(columns: Mapping[str, str], since: datetime) -> Query:
    """Return the filter for rows made or changed since a moment, and for those that do not say when.

    ``updated_at`` may be empty until the first update, so the time of making counts too.
    """
    times = [columns[key] for key in ("updated_at", "created_at") if key in columns]
    moment = quoted(since.isoformat())
    undated = ",".join(f"{name}.is.null" for name in times)
    undated = f"and({undated})" if len(times) > 1 else undated
    return {"or": f"({','.join(f'{name}.gte.{moment}' for name in times)},{undated})"}


def newest_before(name: str, clock: datetime) -> Query:
    """Return the question for the newest time that is not ahead of the server's clock."""
    return {"select": name, name: f"lte.{clock.isoformat()}", "order": f"{name}.desc", "limit": "1"}


def after(keys: list[str], row: Mapping[str, Any]) -> Query:
    """Return the filter for rows behind ``row`` in the order of ``keys``.

    Raises
    ------
    SourceFormatError
        If the row has no such key, so that nobody knows what comes behind it.
    """
    for name in keys:
        if row.get(name) is None:
            raise SourceFormatError(f"Supabase gave a row without {name}, which pages are read by")
    if len(keys) == 1:
        return {keys[0]: f"gt.{row[keys[0]]}"}
    first, second = keys
    value, rest = quoted(row[first]), quoted(row[second])
    return {"or": f"({first}.gt.{value},and({first}.eq.{value},{second}.gt.{rest}))"}


def quoted(value: Any) -> str:
    """Return a value as it stands inside a list of conditions."""
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
