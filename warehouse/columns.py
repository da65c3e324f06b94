"""What a contract is made of: relations, their columns, types, units, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.db import Connection, quoted
from warehouse.errors import ContractError


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type as DESCRIBE prints it, what it means, its unit or range.

    ``values`` are all that it, or a list in it, may hold, where they can be told; a name that ends in ``*`` stands for
    all that begin so.
    """

    name: str
    type: str
    description: str
    unit: str = ""
    nullable: bool = False
    values: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """Its unit, range or values in words."""
        return ", ".join(self.values) if self.values else self.unit


@dataclass(frozen=True)
class Relation:
    """One table or view: what a row is, what identifies it, its columns in order."""

    name: str
    purpose: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def create_sql(self) -> str:
        """The statement that makes an empty table of this contract."""
        lines = ", ".join(f'"{c.name}" {c.type}{"" if c.nullable else " NOT NULL"}' for c in self.columns)
        return f'CREATE TABLE "{self.name}" ({lines})'

    @property
    def select_empty_sql(self) -> str:
        """A query of this contract's columns without a row."""
        casts = ", ".join(f'CAST(NULL AS {c.type}) AS "{c.name}"' for c in self.columns)
        return f"SELECT {casts} WHERE false"

    @property
    def column_list(self) -> str:
        """The columns' names, quoted, for SELECT and INSERT."""
        return ", ".join(f'"{c.name}"' for c in self.columns)

    def comment(self, con: Connection, *, view: bool = False) -> None:
        """Write what the relation and its columns mean into the database, where clients show it."""
        one_row = f"{self.purpose[:1].upper()}{self.purpose[1:]}. One row: {self.grain}."
        con.begin()  # each comment by itself would wait for the disk
        con.execute(f'COMMENT ON {"VIEW" if view else "TABLE"} "{self.name}" IS {quoted(one_row)}')
        for column in self.columns:
            meaning = f"{column.description} ({column.range})" if column.range else column.description
            con.execute(f'COMMENT ON COLUMN "{self.name}"."{column.name}" IS {quoted(meaning)}')
        con.commit()

    def check(self, con: Connection, database: str = "") -> None:
        """Compare the relation in ``con`` with this contract.

        Raises
        ------
        ContractError
            If it is missing, or a column's name, type or order differs; the message names the first difference.
        """
        where = f'{database}."{self.name}"' if database else f'"{self.name}"'
        found = [(row[0], row[1]) for row in con.execute(f"DESCRIBE {where}").fetchall()]
        wanted = [(c.name, c.type) for c in self.columns]
        if found != wanted:
            pairs = zip(wanted + [("nothing", "")] * len(found), found + [("nothing", "")] * len(wanted), strict=False)
            want, have = next(pair for pair in pairs if pair[0] != pair[1])
            raise ContractError(
                f"relation {self.name} has {have[0]} {have[1]} where its contract says {want[0]} {want[1]}; "
                "change the SQL file or the contract so that they agree"
            )


def text(
    name: str, description: str, unit: str = "", *, nullable: bool = False, values: tuple[str, ...] = ()
) -> Column:
    """Make a VARCHAR column."""
    return Column(name, "VARCHAR", description, unit, nullable, values)


def integer(name: str, description: str, unit: str = "", *, nullable: bool = False) -> Column:
    """Make an INTEGER column."""
    return Column(name, "INTEGER", description, unit, nullable)


def number(name: str, description: str, unit: str = "", *, nullable: bool = False) -> Column:
    """Make a FLOAT column."""
    return Column(name, "FLOAT", description, unit, nullable)


def moment(name: str, description: str, *, nullable: bool = False) -> Column:
    """Make a TIMESTAMPTZ column."""
    return Column(name, "TIMESTAMP WITH TIME ZONE", description, "UTC", nullable)


def texts(
    name: str, description: str, unit: str = "", *, nullable: bool = False, values: tuple[str, ...] = ()
) -> Column:
    """Make a VARCHAR[] column."""
    return Column(name, "VARCHAR[]", description, unit, nullable, values)
