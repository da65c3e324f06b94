"""The data dictionary against real files: keys, values and emptiness are as the contracts say."""

from __future__ import annotations

from pipelines.settings import Settings
from tests.flows.conftest import published, published_folder
from warehouse.columns import Column, Relation
from warehouse.contracts.core import CORE
from warehouse.contracts.ledgers import LEDGERS
from warehouse.contracts.release import RELEASE_TABLES, RELEASE_VIEWS
from warehouse.db import Connection
from warehouse.dictionary import data_dictionary
from warehouse.query import open_releases

__all__ = ["published", "published_folder"]


def faults(con: Connection, where: str, relation: Relation) -> list[str]:
    """Return what of a relation's contract a real one does not keep."""
    found = []
    keys = ", ".join(f'"{name}"' for name in relation.key)
    double = con.execute(f"SELECT count(*) FROM (SELECT {keys} FROM {where} GROUP BY {keys} HAVING count(*) > 1)")
    if double.fetchall() != [(0,)]:
        found.append(f"{relation.name}: {keys} is no key")
    unknown = set(relation.key) - {column.name for column in relation.columns}
    if unknown:
        found.append(f"{relation.name}: its key names {unknown}, which it does not have")
    for column in relation.columns:
        empty = con.execute(f'SELECT count(*) FROM {where} WHERE "{column.name}" IS NULL').fetchall()
        if not column.nullable and empty != [(0,)]:
            found.append(f"{relation.name}.{column.name}: empty in a row")
        found += [f"{relation.name}.{column.name}: {value!r}" for value in others(con, where, column)]
    return found


def others(con: Connection, where: str, column: Column) -> list[str]:
    """Return the values of a column that its contract does not name."""
    if not column.values:
        return []
    value = f'unnest("{column.name}")' if column.type.endswith("[]") else f'"{column.name}"'
    rows = con.execute(f"SELECT DISTINCT {value} FROM {where}").fetchall()
    exact = {name for name in column.values if not name.endswith("*")}
    begun = tuple(name.removesuffix("*") for name in column.values if name.endswith("*"))
    return [
        text for (text,) in rows if text is not None and text not in exact and not (begun and text.startswith(begun))
    ]


def test_a_release_keeps_its_contracts(published: list[str], run_settings: Settings) -> None:
    with open_releases(run_settings.folder) as con:
        relations = RELEASE_TABLES | RELEASE_VIEWS
        assert [fault for name in relations for fault in faults(con, f"cur.{name}", relations[name])] == []
        assert con.execute("SELECT count(*) FROM model_metrics").fetchall()[0][0] > 50
        assert len(con.execute("SELECT DISTINCT segment FROM model_metrics").fetchall()) > 3


def test_the_warehouse_and_the_ledgers_keep_theirs(published: list[str], run_settings: Settings) -> None:
    with open_releases(run_settings.folder) as con:
        in_tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse'").fetchall()
        in_lake = con.execute("SELECT view_name FROM duckdb_views() WHERE database_name = 'lake'").fetchall()
        tables = sorted(CORE.keys() & {name for (name,) in in_tables})
        logs = sorted(LEDGERS.keys() & {name.removesuffix("_log") for (name,) in in_lake})
        assert [fault for name in tables for fault in faults(con, f"warehouse.{name}", CORE[name])] == []
        assert [fault for name in logs for fault in faults(con, f"lake.{name}_log", LEDGERS[name])] == []
    assert len(tables) >= 7
    assert len(logs) >= 5


def test_the_picture_joins_what_belongs_together() -> None:
    text = data_dictionary()
    assert text.count("```mermaid") == 2
    assert 'recommendation_lists |o--|| histories : "user_id"' in text
    assert 'similar_movies }o--|| movies : "similar_id"' in text
    assert 'fct_interactions }o--|| dim_movies : "movie_id"' in text
    assert "        INTEGER[] movie_ids FK" in text
