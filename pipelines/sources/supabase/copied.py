"""What Postgres's COPY gives, block by block: usable rows become Arrow, the others go aside as they come."""

from __future__ import annotations

import io
from datetime import datetime
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from pipelines.people.identity import NO_ID
from pipelines.progress import step
from pipelines.sources.supabase.rows import INT32_MAX, UNREADABLE_TIME, user_of
from warehouse.changes import INCOMING
from warehouse.quarantine import Quarantine

COLUMNS = {
    "user_id": pa.string(),
    "movie_id": pa.string(),
    "rating": pa.string(),
    "rated_at": pa.int64(),
    "unreadable": pa.string(),
    "row_id": pa.string(),
}
BLOCK_BYTES = 8 << 20
WHOLE = r"^[0-9]{1,11}$"
DECIMAL = r"^-?[0-9]{1,9}(\.[0-9]{1,26})?$"


class Copied:
    """Rows of one COPY.

    Parameters
    ----------
    aside : Quarantine
        Takes the rows that cannot be used.
    clock : datetime
        The server's own clock, which the watermark never passes.

    Attributes
    ----------
    given : int
        Rows that came.
    newest : datetime or None
        The latest time among the usable rows that is not ahead of the server's clock.
    """

    def __init__(self, aside: Quarantine, clock: datetime) -> None:
        self._aside, self._clock = aside, clock
        self._tables: list[pa.Table] = []
        self.given = 0
        self.newest: datetime | None = None

    def take(self, copy: Any) -> None:
        """Read the COPY to its end; an empty one is no row."""
        stream = io.BufferedReader(_CopyStream(copy), BLOCK_BYTES)
        if not stream.peek(1):
            return
        reader = pv.open_csv(
            stream,
            read_options=pv.ReadOptions(column_names=list(COLUMNS), block_size=BLOCK_BYTES, use_threads=False),
            parse_options=pv.ParseOptions(newlines_in_values=True),
            convert_options=pv.ConvertOptions(
                column_types=COLUMNS, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
        for batch in reader:
            self._add(pa.Table.from_batches([batch]))
            step("read Postgres", self.given, None)

    def table(self) -> pa.Table:
        """Return all good rows so far."""
        return pa.concat_tables([INCOMING.empty_table(), *self._tables])

    def _add(self, rows: pa.Table) -> None:
        user_ids = _spelled(rows["user_id"])
        films = _parsed(rows["movie_id"], WHOLE, pa.int64())
        stars = _parsed(rows["rating"], DECIMAL, pa.float64())
        checks = {
            UNREADABLE_TIME: pc.is_null(rows["unreadable"]),
            NO_ID: pc.is_valid(user_ids),
            "movie_id is not a TMDB id": pc.and_(pc.greater(films, 0), pc.less_equal(films, INT32_MAX)),
            "rating is not a number": pc.is_valid(stars),
            "rating is outside 0.5-5.0": pc.and_(pc.greater_equal(stars, 0.5), pc.less_equal(stars, 5.0)),
        }
        passed = {reason: pc.fill_null(mask, False) for reason, mask in checks.items()}
        good = reduce(pc.and_, passed.values())
        if not pc.all(good).as_py():
            self._set_aside(rows, passed, good)
        columns = [
            user_ids,
            films.cast(pa.int32(), safe=False),
            stars.cast(pa.float32()),
            rows["rated_at"].cast(pa.timestamp("us", tz="UTC")),
            rows["row_id"],
        ]
        kept = pa.table(columns, schema=INCOMING).filter(good)
        past = kept["rated_at"].filter(pc.less_equal(kept["rated_at"], pa.scalar(self._clock, INCOMING[3].type)))
        newest = pc.max(past).as_py()
        if newest is not None and (self.newest is None or newest > self.newest):
            self.newest = newest
        self._tables.append(kept)
        self.given += rows.num_rows

    def _set_aside(self, rows: pa.Table, passed: dict[str, Any], good: Any) -> None:
        for index in pc.indices_nonzero(pc.invert(good)).to_pylist():
            reason = next(reason for reason, mask in passed.items() if not mask[index].as_py())
            self._aside.add("supabase", self.given + index + 1, reason, str(rows.slice(index, 1).to_pylist()[0]))


def _spelled(texts: Any) -> Any:
    """Return user ids; null for what is none."""
    coded = pc.dictionary_encode(texts).combine_chunks()
    spelled = pa.array([_user_id(text) for text in coded.dictionary.to_pylist()], type=pa.string())
    return spelled.take(coded.indices)


def _user_id(text: str) -> str | None:
    try:
        return user_of(text)
    except ValueError:
        return None


def _parsed(texts: Any, shape: str, kind: pa.DataType) -> Any:
    """Return numbers; a text of another shape is null."""
    return pc.if_else(pc.match_substring_regex(texts, shape), texts, pa.scalar(None, pa.string())).cast(kind)


class _CopyStream(io.RawIOBase):
    """The blocks of a COPY as a file."""

    def __init__(self, copy: Any) -> None:
        self._copy, self._rest = copy, b""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what is at hand."""
        if not self._rest:
            self._rest = bytes(self._copy.read())
        taken = self._rest[: len(buffer)]
        self._rest = self._rest[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)
