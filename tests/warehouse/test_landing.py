from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq

from warehouse.landing import Field, Landed, land_lines

FIELDS = (
    Field("user_id", "BIGINT", 0, 2**53),
    Field("rating", "FLOAT", 0.5, 5.0),
    Field("note", "INTEGER", optional=True),
)


def land(tmp_path: Path, text: bytes, *, skip: int = 1, delimiter: str = ",") -> tuple[Landed, list[dict[str, object]]]:
    source = tmp_path / "in.csv"
    source.write_bytes(text)
    landed = land_lines(
        source,
        tmp_path / "out.parquet",
        tmp_path / "bad.csv",
        label="in.csv",
        delimiter=delimiter,
        fields=FIELDS,
        skip=skip,
    )
    return landed, pq.read_table(tmp_path / "out.parquet").to_pylist()


def test_every_bad_line_is_kept_with_its_number_and_reason(tmp_path: Path) -> None:
    landed, rows = land(tmp_path, b"h,h,h\n1,4.5,7\nx,4,1\n2,9,1\n\n3,2\n4,0.5,\n5,,1\n\xff,4,1\n")
    assert rows == [{"user_id": 1, "rating": 4.5, "note": 7}, {"user_id": 4, "rating": 0.5, "note": None}]
    bad = list(csv.DictReader((tmp_path / "bad.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["line"], row["reason"]) for row in bad] == [
        ("3", "user_id is not a whole number"),
        ("4", "rating is outside 0.5-5"),
        ("6", "expected 3 fields, found 2"),
        ("8", "rating is not a number"),
        ("9", "user_id is not a whole number"),
    ]
    assert {row["file"] for row in bad} == {"in.csv"}
    assert landed.bad_rows == 5
    assert landed.reasons["user_id is not a whole number"] == 2
    assert landed.first_bad == 'line 3: user_id is not a whole number: "x,4,1"'
    assert landed.bad_share == 5 / 7


def test_windows_line_ends_and_long_delimiters(tmp_path: Path) -> None:
    landed, rows = land(tmp_path, b"1::4.5::7\r\n2::3::8\r\n", skip=0, delimiter="::")
    assert [row["note"] for row in rows] == [7, 8]
    assert landed.bad_rows == 0
    assert not (tmp_path / "bad.csv").exists()


def test_an_empty_file_lands_no_row(tmp_path: Path) -> None:
    landed, rows = land(tmp_path, b"h,h,h\n")
    assert rows == []
    assert landed.rows == 0


def test_the_order_of_the_file_is_kept(tmp_path: Path) -> None:
    lines = b"h\n" + b"".join(b"%d,3.0,%d\n" % (i, i) for i in range(300_000))
    _, rows = land(tmp_path, lines)
    assert [row["user_id"] for row in rows] == list(range(300_000))
