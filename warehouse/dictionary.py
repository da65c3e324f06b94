"""The data dictionary, written from the contracts: ``python -m warehouse.dictionary > docs/data-dictionary.md``."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from warehouse.columns import Relation
from warehouse.contracts.core import CORE
from warehouse.contracts.ledgers import LEDGERS
from warehouse.contracts.release import RELEASE_TABLES, RELEASE_VIEWS

RELEASE_HUBS = {"user_id": "histories", "movie_id": "movies", "release_id": "release"}
WAREHOUSE_HUBS = {"user_id": "mart_user_profiles", "movie_id": "dim_movies"}
LIKE = {"movie_ids": "movie_id", "similar_id": "movie_id"}
INTRODUCTION = """# Data dictionary

Written from the contracts in `warehouse/contracts/`; a test keeps the two equal. Query a release with
`playbill sql`, or with DuckDB itself: `duckdb -readonly warehouse/data/releases/current.duckdb`.
"""


def data_dictionary() -> str:
    """Return the whole dictionary as Markdown."""
    parts = [INTRODUCTION]
    for title, relations, hubs in (
        ("A release (`release.duckdb`)", [*RELEASE_TABLES.values(), *RELEASE_VIEWS.values()], RELEASE_HUBS),
        ("The warehouse (`warehouse.duckdb`)", list(CORE.values()), WAREHOUSE_HUBS),
        ("The ledgers (`lake/ledgers/`, in `playbill sql` as `lake.<name>_log`)", list(LEDGERS.values()), {}),
    ):
        parts.append(f"## {title}\n")
        if hubs:
            parts.append(picture(relations, hubs))
        parts += [_relation(relation) for relation in relations]
    return "\n".join(parts)


def picture(relations: list[Relation], hubs: Mapping[str, str]) -> str:
    """Return the relations and what joins them as a Mermaid diagram, which GitHub and editors draw.

    Parameters
    ----------
    hubs : mapping of str to str
        For a column's stem, ``user_id`` or ``movie_id``, the relation that has one row each.
    """
    lines = ["```mermaid", "erDiagram"]
    for relation in relations:
        lines.append(f"    {relation.name} {{")
        for column in relation.columns:
            mark = " PK" if column.name in relation.key else " FK" if _hub(relation, column.name, hubs) else ""
            lines.append(f"        {_plain_type(column.type)} {column.name}{mark}")
        lines.append("    }")
    for relation in relations:
        for column in relation.columns:
            hub = _hub(relation, column.name, hubs)
            if hub:
                many = "}o" if relation.key != (column.name,) else "|o"
                lines.append(f'    {relation.name} {many}--|| {hub} : "{column.name}"')
    return "\n".join([*lines, "```"]) + "\n"


def _hub(relation: Relation, column: str, hubs: Mapping[str, str]) -> str:
    """Return the relation that a column points to, or nothing."""
    stem = LIKE.get(column, column)
    hub = hubs.get(stem, "")
    return "" if hub == relation.name else hub


def _plain_type(kind: str) -> str:
    """Return a type as one word, as Mermaid wants it."""
    plain = kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
    return "STRUCT" + "[]" * plain.count("[]") if plain.startswith("STRUCT") else plain


def _relation(relation: Relation) -> str:
    key = ", ".join(f"`{name}`" for name in relation.key) or "none"
    lines = [
        f"### {relation.name}\n",
        f"{relation.purpose[:1].upper()}{relation.purpose[1:]}. One row: {relation.grain}. Key: {key}.\n",
        "| column | type | meaning | unit or range | may be empty |",
        "|---|---|---|---|---|",
    ]
    for column in relation.columns:
        kind = column.type.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
        empty = "yes" if column.nullable else ""
        lines.append(f"| `{column.name}` | {kind} | {column.description} | {column.range} | {empty} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
