"""The data dictionary, written from the contracts: ``python -m warehouse.dictionary > docs/data-dictionary.md``."""

from __future__ import annotations

import sys

from warehouse.columns import Relation
from warehouse.contracts.core import CORE
from warehouse.contracts.ledgers import LEDGERS
from warehouse.contracts.release import RELEASE_TABLES, RELEASE_VIEWS

INTRODUCTION = """# Data dictionary

Written from the contracts in `warehouse/contracts/`; a test keeps the two equal. Query a release with
`playbill sql`, or with DuckDB itself: `duckdb -readonly warehouse/data/releases/current.duckdb`.
"""


def data_dictionary() -> str:
    """Return the whole dictionary as Markdown."""
    parts = [INTRODUCTION]
    for title, relations in (
        ("A release (`release.duckdb`)", [*RELEASE_TABLES.values(), *RELEASE_VIEWS.values()]),
        ("The warehouse (`warehouse.duckdb`)", list(CORE.values())),
        ("The ledgers (`lake/ledgers/`, in `playbill sql` as `lake.<name>_log`)", list(LEDGERS.values())),
    ):
        parts.append(f"## {title}\n")
        parts += [_relation(relation) for relation in relations]
    return "\n".join(parts)


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
        lines.append(f"| `{column.name}` | {kind} | {column.description} | {column.unit} | {empty} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
