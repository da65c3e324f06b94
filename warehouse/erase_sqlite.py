"""Taking words out of an SQLite database that other programs keep: Prefect's, with its artifacts, events and logs."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from warehouse.erase import Erased

WAIT_SECONDS = 10.0
INSTEAD = "(forgotten)"


def erase_words(path: Path, words: Collection[str], *, erase: bool) -> Erased:
    """Put `INSTEAD` in the place of words, whole ones only, wherever they stand in any table's text.

    What was overwritten is not left in free pages of the file either.

    Returns
    -------
    Erased
        Its rows are the rows that held a word; its note says why it could not be done, where another program holds
        the database.
    """
    if not path.exists():
        return Erased(0, 0)
    pattern = word_pattern(words)
    rows = 0
    try:
        with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as con:
            con.execute("PRAGMA secure_delete = ON")
            con.create_function("holds", 1, lambda text: bool(pattern.search(text)), deterministic=True)
            con.create_function("redacted", 1, lambda text: pattern.sub(INSTEAD, text), deterministic=True)
            for table, columns in _text_columns(con):
                marks = " OR ".join(f"(typeof({name}) = 'text' AND holds({name}))" for name in columns)
                hit = int(con.execute(f"SELECT count(*) FROM {table} WHERE {marks}").fetchone()[0])
                if hit and erase:
                    new = ", ".join(
                        f"{name} = CASE typeof({name}) WHEN 'text' THEN redacted({name}) ELSE {name} END"
                        for name in columns
                    )
                    con.execute(f"UPDATE {table} SET {new} WHERE {marks}")
                rows += hit
            con.commit()
            if rows and erase:
                con.execute("VACUUM")
                con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        return Erased(rows, int(rows > 0), f"{path.name} could not be written ({error}); forget again when it is free")
    return Erased(rows, int(rows > 0))


def word_pattern(words: Collection[str]) -> re.Pattern[str]:
    """Return what finds any of some words, not inside of longer ones, also behind an escaped line break."""
    longest_first = sorted(words, key=len, reverse=True)
    inner = "|".join(re.escape(word) for word in longest_first)
    return re.compile(rf"(?:(?<![\w-])|(?<=\\[nrt]))(?:{inner})(?![\w-])", re.IGNORECASE)


def _text_columns(con: sqlite3.Connection) -> list[tuple[str, list[str]]]:
    tables = con.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
    found = []
    for (table,) in tables:
        names = [row[1] for row in con.execute(f"PRAGMA table_info({_quoted(table)})")]
        if names:
            found.append((_quoted(table), [_quoted(name) for name in names]))
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
