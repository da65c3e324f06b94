"""Many batches of changes made into one: what a table says now, without what it said before."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from warehouse.batches import landing
from warehouse.changes import batch_folders
from warehouse.db import connect, parquet_files, quoted
from warehouse.files import remove_folder

log = logging.getLogger(__name__)

MOST_BATCHES = 60
"""So many batches of a source lie side by side at most: two months of nights in which something changed."""


def compact_changes(home: Path, most: int = MOST_BATCHES) -> str | None:
    """Put what all batches add up to into one, and delete them, once there are more than ``most``.

    A crash at any point leaves batches that add up to the same: the new one is landed whole first, and the old ones go
    oldest first, so that a deletion never goes before the row that it takes back.

    Returns
    -------
    str or None
        The new batch's id; None where there was nothing to do.
    """
    batches = batch_folders(home)
    if len(batches) <= most:
        return None
    batch_id = f"{int(batches[-1].name.split('-')[0]) + 1:06d}-all"
    with connect() as con, landing(home / batch_id) as target:
        con.execute(
            f"""COPY (
                SELECT * REPLACE ({quoted(batch_id)} AS batch_id)
                FROM {parquet_files([batch / "ratings.parquet" for batch in batches])}
                QUALIFY row_number() OVER (PARTITION BY user_id, movie_id ORDER BY batch_id DESC) = 1 AND NOT deleted
                ORDER BY user_id, movie_id
            ) TO {quoted(target / "ratings.parquet")} (FORMAT parquet, COMPRESSION zstd)"""
        )
        record = {"batch_id": batch_id, "complete": False, "compacted": [batch.name for batch in batches]}
        (target / "batch.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for batch in batches:
        remove_folder(batch)
    log.info("compact done source=%s batches=%d batch=%s", home.name, len(batches), batch_id)
    return batch_id
