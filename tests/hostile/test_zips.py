"""Zips and logs that lie: what they unpack to, how long their lines are, what they say of themselves."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipelines.jobs.ingest import ingest
from pipelines.runs import new_run_id
from tests.conftest import RATINGS_HEADER, small_set
from tests.hostile.conftest import settings_for
from tests.tally import attempt
from warehouse.errors import PlaybillError

pytestmark = pytest.mark.slow

MOST_BYTES = 64 << 20
FILES = small_set()
MANY = 60_000


def packed(files: Mapping[str, str | bytes], folder: str = "ml-latest-small/") -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(folder + name, text)
    return sink.getvalue()


def with_file(name: str, text: str | bytes) -> Callable[[], bytes]:
    return lambda: packed({**FILES, name: text})


def lying_size() -> bytes:
    """A file that says it has ten bytes and unpacks to fifty megabytes."""
    whole = bytearray(packed({**FILES, "ratings.csv": bytes(50 << 20)}))
    size = struct.pack("<L", 50 << 20)
    while (place := whole.find(size)) >= 0:
        whole[place : place + 4] = struct.pack("<L", 10)
    return bytes(whole)


def encrypted() -> bytes:
    whole = bytearray(packed(FILES))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := whole.find(signature, place + 1)) >= 0:
            whole[place + offset] |= 1
    return bytes(whole)


def unknown_method() -> bytes:
    whole = bytearray(packed(FILES))
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = -1
        while (place := whole.find(signature, place + 1)) >= 0:
            whole[place + offset : place + offset + 2] = struct.pack("<H", 99)
    return bytes(whole)


def flipped() -> bytes:
    whole = bytearray(packed(FILES))
    whole[len(whole) // 3] ^= 0xFF
    return bytes(whole)


LIES: dict[str, Callable[[], bytes]] = {
    "a bomb of zeros": with_file("ratings.csv", bytes(256 << 20)),
    "a bomb of lines": with_file("ratings.csv", RATINGS_HEADER + "\n" + "1,1,4.0,1\n" * 1_000_000),
    "a bomb of films": with_file(
        "movies.csv", "movieId,title,genres\n" + "".join(map("{},A,B\n".format, range(900_000)))
    ),
    "a bomb of tags": with_file("tags.csv", "userId,movieId,tag,timestamp\n" + "1,1,x,1\n" * 1_000_000),
    "a size that is not": lying_size,
    "one line of ratings": with_file("ratings.csv", RATINGS_HEADER + "\n" + "1," * 1_000_000),
    "one line of films": with_file("movies.csv", "movieId,title,genres\n1," + "A" * 2_000_000),
    "one quote of films": with_file("movies.csv", 'movieId,title,genres\n1,"' + "A\n" * 500_000),
    "one line of tags": with_file("tags.csv", "userId,movieId,tag,timestamp\n1,1," + "x" * 2_000_000),
    "nothing but bad ratings": with_file("ratings.csv", RATINGS_HEADER + "\n" + "a,b,c,d\n" * MANY),
    "nothing but bad films": with_file("movies.csv", "movieId,title,genres\n" + "x,,\n" * MANY),
    "nothing but bad tags": with_file("tags.csv", "userId,movieId,tag,timestamp\n" + "x,y,z,w\n" * MANY),
    "ratings of NUL": with_file("ratings.csv", RATINGS_HEADER.encode() + b"\n" + b"\x00" * 100_000),
    "ratings that are a gzip": with_file("ratings.csv", b"\x1f\x8b\x08\x00" + bytes(1000)),
    "NaN stars": with_file("ratings.csv", RATINGS_HEADER + "\n" + "1,1,NaN,1\n" * 100),
    "infinite stars": with_file("ratings.csv", RATINGS_HEADER + "\n" + "1,1,inf,1\n" * 100),
    "numbers past all": with_file("ratings.csv", RATINGS_HEADER + "\n" + f"{'9' * 400},1,4.0,1\n" * 100),
    "no ratings": with_file("ratings.csv", RATINGS_HEADER + "\n"),
    "an empty file": with_file("ratings.csv", ""),
    "a hundred thousand files": lambda: packed({**FILES, **{f"f{n}": "" for n in range(60_000)}}),
    "encrypted": encrypted,
    "a method nobody knows": unknown_method,
    "a byte flipped": flipped,
    "cut short": lambda: packed(FILES)[:-100],
    "no zip": lambda: b"<html>Sign in</html>",
    "empty": lambda: b"",
    "an end without a beginning": lambda: b"PK\x05\x06" + bytes(18),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_zip_that_lies_is_one_line_and_leaves_nothing(lie: str, tmp_path: Path) -> None:
    path = tmp_path / "ml-latest-small.zip"
    path.write_bytes(LIES[lie]())
    settings = settings_for(tmp_path)
    with attempt("hostile zips"):
        tracemalloc.start()
        try:
            with pytest.raises(PlaybillError) as raised:
                ingest(settings, new_run_id(), movielens=path)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert "\n" not in str(raised.value)
        assert peak < MOST_BYTES
        assert list(settings.folder.lake.rglob("*.parquet")) == []
        assert list(settings.folder.lake.rglob(".*.tmp")) == []


@pytest.mark.parametrize(
    "name", ["../../../evil/ratings.csv", "/tmp/ratings.csv", "..\\..\\ratings.csv", "ml/../ratings.csv"]
)
def test_a_name_with_a_path_writes_nowhere_else(name: str, tmp_path: Path) -> None:
    files = {n: t for n, t in FILES.items() if n != "ratings.csv"}
    path = tmp_path / "in" / "ml-latest-small.zip"
    path.parent.mkdir()
    path.write_bytes(packed({**files, name: FILES["ratings.csv"]}, folder=""))
    settings = settings_for(tmp_path / "home")
    before = sorted(p for p in tmp_path.rglob("*"))
    with attempt("hostile zips"):
        try:
            ingest(settings, new_run_id(), movielens=path)
        except PlaybillError as error:
            assert "ratings.csv" in str(error)
        written = [p for p in tmp_path.rglob("*") if p not in before and not p.is_relative_to(tmp_path / "home")]
        assert written == []


def test_bad_rows_kept_are_few_and_all_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "ml-latest-small.zip"
    path.write_bytes(LIES["nothing but bad ratings"]())
    settings = settings_for(tmp_path)
    with attempt("hostile zips"), pytest.raises(PlaybillError, match="60,000 of 60,000 rows are unusable"):
        ingest(settings, new_run_id(), movielens=path)
    (kept,) = settings.folder.quarantine.rglob("ratings.csv")
    assert len(kept.read_text().splitlines()) == 1 + settings.limits.bad_rows_kept
