"""The warehouse, built from the lake by the SQL files: staging, core, marts, in the order they need each other."""

from __future__ import annotations

import graphlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from warehouse.builds import known_mapping
from warehouse.columns import Relation
from warehouse.contracts.core import CORE
from warehouse.contracts.landed import RAW
from warehouse.db import Connection, new_database, parquet_files, quoted
from warehouse.errors import ContractError, WarehouseError
from warehouse.folder import DataFolder
from warehouse.sums import check

SQL_FOLDER = Path(__file__).parent / "sql"
HEADER_LINE = re.compile(r"^-- (?:(\w+):)?\s+(.*)$")
"""A header line, or its continuation where the name is left out."""

DATASETS = {
    "tmdb_mapping": "dim_tmdb_mapping",
    "movies": "dim_movies",
    "interactions": "fct_interactions",
    "movie_stats": "mart_movie_stats",
    "tags": "fct_tags",
}
"""The lake's data sets and the relation each is a copy of."""

LAKE_VIEWS = {
    "raw_tmdb_mapping": "tmdb_mapping",
    "raw_tmdb_movies": "movies_enriched",
}
"""Raw relations that are one data set of the lake, whichever batch is active."""

INPUTS = ("tmdb_overrides", "event_weights", "suppressed_people", "last_counts")
"""Small tables that a build is given: they are copied into the warehouse as ``raw_…``."""

MEMORY_LIMIT = "2GB"
"""What DuckDB may hold before it spills to disk; a run as a whole stays under 4 GB."""


@dataclass(frozen=True)
class SqlFile:
    """One SQL file: a SELECT, its name the relation's name, its header in ``-- key: value`` lines."""

    name: str
    header: dict[str, str]
    query: str

    @property
    def upstream(self) -> list[str]:
        """Relations that it reads."""
        return [name.strip() for name in self.header.get("upstream", "").split(",") if name.strip()]

    @property
    def is_view(self) -> bool:
        """Whether it is a view; anything else is a table."""
        return self.header.get("refresh") == "view"


def read_sql(folder: str) -> list[SqlFile]:
    """Return the SQL files of one folder of ``warehouse/sql``, by name.

    Raises
    ------
    ContractError
        If a file has no header.
    """
    files = []
    for path in sorted((SQL_FOLDER / folder).glob("*.sql")):
        query = path.read_text(encoding="utf-8")
        header = _header(query)
        if not header:
            raise ContractError(f"{path} has no header; begin it with `-- purpose: …` as its neighbours do")
        files.append(SqlFile(path.stem, header, query))
    return files


def _header(query: str) -> dict[str, str]:
    header: dict[str, str] = {}
    last = ""
    for line in query.splitlines():
        found = HEADER_LINE.match(line)
        if not found or not (found.group(1) or last):
            break
        last = found.group(1) or last
        header[last] = f"{header[last]} {found.group(2)}" if last in header else found.group(2)
    return header


def in_order(files: list[SqlFile]) -> list[SqlFile]:
    """Sort the files so that each comes after those it reads."""
    by_name = {file.name: file for file in files}
    unknown = {(f.name, up) for f in files for up in f.upstream if up not in by_name and up not in RAW}
    if unknown:
        name, up = sorted(unknown)[0]
        raise ContractError(f"{name}.sql names upstream {up}, which is no SQL file and no raw relation")
    sorter = graphlib.TopologicalSorter({f.name: [up for up in f.upstream if up in by_name] for f in files})
    return [by_name[name] for name in sorter.static_order()]


def build_warehouse(
    home: Path,
    folder: DataFolder,
    batches: Mapping[str, Path | Sequence[Path]],
    *,
    id_space: str = "movielens",
    inputs: Mapping[str, pa.Table] | None = None,
    macros: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Build ``warehouse.duckdb`` and the data sets made with it into a new folder; nothing else changes.

    Parameters
    ----------
    home : Path
        The folder of the build, from `warehouse.builds.building`.
    batches : mapping of str to Path or paths
        For each source that is read (``movielens``, ``sample``, ``supabase``, ``events``), the folders of its batches.
    id_space : str
        Whose numbering the MovieLens ids are.
    inputs : mapping of str to pyarrow.Table, optional
        The tables of `INPUTS`; those left out are empty.
    macros : mapping of str to str, optional
        SQL functions that the files call, ``name(parameters)`` and what each gives.

    Returns
    -------
    dict of str to int
        Rows of every table.

    Raises
    ------
    ContractError
        If a relation differs from its contract.
    """
    counts: dict[str, int] = {}
    with new_database(home / "warehouse.duckdb") as con:
        con.execute("SET VARIABLE built_at = ?::TIMESTAMPTZ", [datetime.now(UTC)])
        con.execute("SET VARIABLE id_space = ?", [id_space])
        con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        con.execute(f"SET temp_directory = {quoted(folder.root / 'duckdb.tmp')}")
        for signature, expression in (macros or {}).items():
            con.execute(f"CREATE MACRO {signature} AS {expression}")
        _make_raw(con, folder, batches, inputs or {})
        for file in in_order(read_sql("staging") + read_sql("core") + read_sql("marts")):
            kind = "VIEW" if file.is_view else "TABLE"
            con.execute(f'CREATE {kind} "{file.name}" AS {_bound(con, file)}')
            if not file.is_view:
                contract = _contract_of(file.name)
                contract.check(con)
                contract.comment(con)
                counts[file.name] = con.execute(f'SELECT count(*) FROM "{file.name}"').fetchall()[0][0]
        for dataset, relation in DATASETS.items():
            target = quoted(home / f"{dataset}.parquet")
            con.execute(f'COPY "{relation}" TO {target} (FORMAT parquet, COMPRESSION zstd)')
    return counts


def _make_raw(
    con: Connection,
    folder: DataFolder,
    batches: Mapping[str, Path | Sequence[Path]],
    inputs: Mapping[str, pa.Table],
) -> None:
    """Make each raw relation: a view over its Parquet files, or a table of what the build is given."""
    for name, relation in RAW.items():
        source, _, table = name.removeprefix("raw_").partition("_")
        if f"{source}_{table}" in INPUTS:
            con.execute(relation.create_sql)
            given = inputs.get(f"{source}_{table}")
            if given is not None:
                con.register("given", given)
                con.execute(f'INSERT INTO "{name}" SELECT {relation.column_list} FROM given')
                con.unregister("given")
            continue
        if name == "raw_tmdb_mapping":
            mapping = known_mapping(folder)
            files = [] if mapping is None else [mapping]
        elif name in LAKE_VIEWS:
            path = folder.dataset(LAKE_VIEWS[name])
            files = [check(path, "run `playbill enrich` again")] if path.exists() else []
        else:
            landed = batches.get(source, ())
            homes = [landed] if isinstance(landed, Path) else landed
            files = [home / f"{table}.parquet" for home in homes]
        present = [path for path in files if path.exists()]
        query = f"SELECT {relation.column_list} FROM {parquet_files(present)}" if present else relation.select_empty_sql
        con.execute(f'CREATE VIEW "{name}" AS {query}')
        relation.check(con)


def _bound(con: Connection, file: SqlFile) -> str:
    """Put the variables' values into a view's text, as a view outlives the session that set them."""
    if not file.is_view:
        return file.query
    found: str = con.execute("SELECT getvariable('id_space')").fetchall()[0][0]
    return file.query.replace("getvariable('id_space')", quoted(found))


def _contract_of(name: str) -> Relation:
    if name not in CORE:
        raise WarehouseError(f"warehouse/sql has {name}.sql but warehouse/contracts/core.py has no contract of it")
    return CORE[name]
