"""Wishes at 20,000 films: how long one takes on one core, and what its index adds to a release.

    taskset -c 0 python -m bench.wishes

ml-latest-small's films with TMDB's facts, each again under another id, title and people until there are enough, so that
texts and names are as long as real ones. The wishes are those of ``tests/sense``, each asked several times; a wish is
reading and answering, without HTTP and without similar films from the release's file.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.films.films import Films
from pipelines.films.search import FilmSearch
from serving.films import FilmTable
from serving.words.answer import answer
from serving.words.facts import Facts
from tests.sense.catalogue import read_catalogue
from tests.sense.wish_cases import CASES

N_FILMS, ROUNDS = 20_000, 5


def main() -> None:
    """Print the figures."""
    rows = _rows()
    metadata = pd.DataFrame(rows)
    started, begun_cpu = time.perf_counter(), time.process_time()
    built = FilmSearch.build(Films(np.arange(len(rows), dtype=np.int64), metadata))
    with tempfile.TemporaryDirectory() as folder:
        built.save(Path(folder))
        seconds, of_cpu = time.perf_counter() - started, time.process_time() - begun_cpu
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        print(f"{len(rows)} films: index {seconds:.1f} s ({of_cpu:.1f} s of processor time), {size / 1e6:.1f} MB")
        table = _table(rows)
        facts = Facts(table, FilmTable(table), FilmSearch.load(Path(folder)))
        allowed = np.ones(len(rows), dtype=bool)
        times = []
        for _ in range(ROUNDS):
            for case in CASES:
                begun = time.perf_counter()
                answer(facts, facts.reader.read(case.text), {}, allowed, None, 10)
                times.append(1000 * (time.perf_counter() - begun))
    print(f"{len(times)} wishes: p50 {np.percentile(times, 50):.1f} ms, p99 {np.percentile(times, 99):.1f} ms, "
          f"longest {max(times):.1f} ms")  # fmt: skip


def _rows() -> list[dict[str, object]]:
    records = [film.record for film in read_catalogue().values()]
    rows: list[dict[str, object]] = []
    while len(rows) < N_FILMS:
        again = len(rows) // len(records)
        for record in records[: N_FILMS - len(rows)]:
            mark = f" {again}" if again else ""
            rows.append({
                **record, "title": f"{record['title']}{mark}",
                "directors": [f"{name}{mark}" for name in record["directors"] or ()],
                "cast_names": [f"{name}{mark}" for name in record["cast_names"] or ()],
            })  # fmt: skip
    return rows


def _table(rows: list[dict[str, object]]) -> pa.Table:
    n = len(rows)
    lists = {name: pa.array([row[name] or [] for row in rows], pa.list_(pa.string()))
             for name in ("genres", "keywords", "directors", "cast_names")}  # fmt: skip
    texts = {name: pa.array([row[name] for row in rows], pa.string())
             for name in ("title", "original_title", "language")}  # fmt: skip
    votes = pa.array([row["vote_count"] or 0 for row in rows], pa.int32())
    return pa.table({
        "movie_id": pa.array(range(n), pa.int32()), **lists, **texts,
        "year": pa.array([row["year"] for row in rows], pa.int16()),
        "runtime": pa.array([row["runtime"] for row in rows], pa.int16()),
        "vote_average": pa.array([row["vote_average"] for row in rows], pa.float32()),
        "vote_count": votes, "ratings": votes, "card": [b"{}"] * n, "reason": [b"{}"] * n,
        "movielens_id": pa.nulls(n, pa.int32()),
    })  # fmt: skip


if __name__ == "__main__":
    main()
