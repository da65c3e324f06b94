"""A table that lives elsewhere, kept in the lake as append-only batches of what changed from read to read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from warehouse.batches import landing
from warehouse.db import Connection, parquet_files, quoted, scratch
from warehouse.errors import SourceError

INCOMING = pa.schema(
    [
        ("user_id", pa.string()),
        ("movie_id", pa.int32()),
        ("rating", pa.float32()),
        ("rated_at", pa.timestamp("us", tz="UTC")),
        ("row_id", pa.string()),
    ]
)
"""What a read brings: ``rated_at`` is empty where the table has no time."""


@dataclass(frozen=True)
class Changes:
    """What a read found against what was known; ``batch_id`` is None when it is all the same."""

    batch_id: str | None
    rows: int
    fresh: int
    changed: int
    deleted: int


def batch_folders(home: Path) -> list[Path]:
    """Return the landed batches of a source, oldest first."""
    return sorted(path for path in home.glob("*") if path.is_dir() and not path.name.startswith("."))


def land_changes(
    incoming: pa.Table, home: Path, *, complete: bool, max_drop_share: float = 1.0, suppressed: frozenset[str]
) -> Changes:
    """Compare a read with the batches before it and land what differs as one more batch.

    Parameters
    ----------
    incoming : INCOMING
        Rows in any order; of several rows of a person and film the latest counts.
    home : Path
        The source's folder in the lake.
    complete : bool
        Whether this is the whole table, so that what is not in it has been deleted.
    max_drop_share : float
        Share of the known rows that a complete read may delete, 0 to 1.
    suppressed : frozenset of str
        SHA-256 of people whose rows are passed over.

    Raises
    ------
    SourceError
        If more would be deleted; nothing is landed then.
    """
    batches = batch_folders(home)
    number = int(batches[-1].name.split("-")[0]) + 1 if batches else 1
    with scratch() as con:
        con.register("incoming", incoming)
        con.register("suppressed", pa.table({"user_hash": pa.array(sorted(suppressed), type=pa.string())}))
        _compare(con, batches, complete=complete)
        counts = dict(con.execute("SELECT kind, count(*) FROM changes GROUP BY kind").fetchall())
        fresh, changed, deleted = (int(counts.get(kind, 0)) for kind in ("fresh", "changed", "deleted"))
        known = con.execute("SELECT count(*) FROM state").fetchall()[0][0]
        if deleted > max_drop_share * known:
            raise SourceError(
                f"the table has only {known - deleted:,} of the {known:,} ratings that are known; nothing was taken, "
                "as it looks cut short (row level security, an emptied table, another project?); if the loss is "
                "meant, set PLAYBILL_QUALITY__MAX_DROP_SHARE=1 for one run"
            )
        if not counts:
            return Changes(None, incoming.num_rows, 0, 0, 0)
        digest = con.execute("SELECT md5(string_agg(md5(c::VARCHAR), '' ORDER BY user_id, movie_id)) FROM changes c")
        batch_id = f"{number:06d}-{digest.fetchall()[0][0][:6]}"
        with landing(home / batch_id) as target:
            con.execute(
                f"COPY (SELECT user_id, movie_id, rating, rated_at, row_id, deleted, {quoted(batch_id)} AS batch_id "
                f"FROM changes ORDER BY user_id, movie_id) TO {quoted(target / 'ratings.parquet')} "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
            record = {"batch_id": batch_id, "complete": complete, "fresh": fresh, "changed": changed}
            text = json.dumps({**record, "deleted": deleted}, indent=1)
            (target / "batch.json").write_text(text + "\n", encoding="utf-8")
    return Changes(batch_id, incoming.num_rows, fresh, changed, deleted)


def _compare(con: Connection, batches: list[Path], *, complete: bool) -> None:
    """Make the tables ``state`` (what is known) and ``changes`` (what differs, and how)."""
    files = [batch / "ratings.parquet" for batch in batches]
    con.execute(
        "CREATE TEMP TABLE state AS "
        + (
            f"""SELECT * FROM {parquet_files(files)}
            QUALIFY row_number() OVER (PARTITION BY user_id, movie_id ORDER BY batch_id DESC) = 1 AND NOT deleted"""
            if files
            else """SELECT ''::VARCHAR AS user_id, 0::INTEGER AS movie_id, 0::FLOAT AS rating,
            now() AS rated_at, ''::VARCHAR AS row_id WHERE false"""
        )
    )
    con.execute(
        """CREATE TEMP TABLE latest AS SELECT * FROM incoming
        ANTI JOIN suppressed ON sha256(incoming.user_id) = suppressed.user_hash
        QUALIFY row_number() OVER (
            PARTITION BY user_id, movie_id
            ORDER BY rated_at DESC NULLS LAST, try_cast(row_id AS BIGINT) DESC NULLS LAST, row_id DESC, rating DESC
        ) = 1"""
    )
    # a table without times: the first read tells when, and stays what it is until the rating changes
    con.execute(
        """CREATE TEMP TABLE changes AS
        SELECT latest.user_id, latest.movie_id, latest.rating, coalesce(latest.rated_at, now()) AS rated_at,
            latest.row_id, false AS deleted,
            CASE WHEN state.user_id IS NULL THEN 'fresh' ELSE 'changed' END AS kind
        FROM latest LEFT JOIN state ON latest.user_id = state.user_id AND latest.movie_id = state.movie_id
        WHERE state.user_id IS NULL OR latest.rating <> state.rating OR latest.rated_at <> state.rated_at"""
    )
    if complete:
        con.execute(
            """INSERT INTO changes
            SELECT state.user_id, state.movie_id, state.rating, state.rated_at, state.row_id, true, 'deleted'
            FROM state ANTI JOIN latest ON state.user_id = latest.user_id AND state.movie_id = latest.movie_id"""
        )
