"""How long ``publish --changed`` takes when one person in a hundred has rated since, against a full publish.

Method: a made-up set (`movielens_like`), ingested, built and trained once (not part of the figures); the hybrid's lists
are published in full; then one person in a hundred gives a film another rating in the built interactions, and the same
arrays publish in full and with ``--changed``, in one process, one after the other. Reported: seconds of both, their
ratio and how many people's lists differ in a film or a source (where scores tie in their last bits). The limit is a
tenth. Run:

    python -m bench.publish_changed                 # a tenth of MovieLens 32M's people and ratings, all films
    python -m bench.publish_changed --share 1       # its whole size
    python -m bench.publish_changed --share 0.02 --films 4000 --home FOLDER    # FOLDER keeps what was trained
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.movielens_like import write_set
from bench.trained_set import Stages, prepare, settings_of, shape_of
from pipelines.jobs.publish import publish
from pipelines.jobs.publish_changed import publish_changed
from pipelines.progress import reporting
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from warehouse.builds import built_file
from warehouse.db import connect, quoted
from warehouse.store import ReleaseStore
from warehouse.sums import seal

LIMIT = 0.1
CHANGED = 100
"""One person in so many has rated since."""


def rate_again(settings: Settings) -> int:
    """Change the stars of the first film of one person in a hundred; return how many people that is."""
    path = built_file(settings.folder, "interactions")
    table = pq.read_table(path)
    people = table["user_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    first = np.flatnonzero(np.diff(people, prepend=-1))[::CHANGED]
    stars = table["rating"].to_numpy().copy()
    stars[first] = np.where(stars[first] > 2.5, 0.5, 5.0)
    column = table.schema.get_field_index("rating")
    pq.write_table(table.set_column(column, table.schema.field("rating"), pa.array(stars)), path, compression="zstd")
    seal(path.parent)  # a build that is not what was written is refused
    return len(first)


def differing_lists(settings: Settings, first: str, second: str) -> int:
    """Count the people whose lists two releases do not have alike."""
    store = ReleaseStore(settings.folder)
    with connect() as con:
        con.execute(f"ATTACH {quoted(store.get(first).database)} AS a (READ_ONLY)")
        con.execute(f"ATTACH {quoted(store.get(second).database)} AS b (READ_ONLY)")
        found = con.execute(
            """SELECT count(*) FROM a.recommendation_lists AS x
            FULL OUTER JOIN b.recommendation_lists AS y ON x.user_id = y.user_id
            WHERE x.movie_ids IS DISTINCT FROM y.movie_ids OR x.sources IS DISTINCT FROM y.sources"""
        ).fetchall()
    return int(found[0][0])


def measure(settings: Settings, run_id: str) -> dict[str, float]:
    """Change some ratings, publish both ways and return the figures."""
    n_changed = rate_again(settings)
    started = time.monotonic()
    with Stages() as stages, reporting(stages):
        incremental = publish_changed(settings, new_run_id())
    changed_seconds = time.monotonic() - started
    facts = ReleaseStore(settings.folder).get(incremental.release_id).manifest
    started = time.monotonic()
    full = publish(settings, run_id)
    full_seconds = time.monotonic() - started
    for row in stages.rows:
        print(f"changed: {row['stage']:20} {row['seconds']:>8}")
    return {
        "people": incremental.users,
        "films": incremental.movies,
        "changed": n_changed,
        "ranked_anew": facts["changed_people"],
        "full_seconds": round(full_seconds, 2),
        "changed_seconds": round(changed_seconds, 2),
        "ratio": round(changed_seconds / full_seconds, 3),
        "differing_lists": differing_lists(settings, incremental.release_id, full.release_id),
    }


def main() -> None:
    """Prepare, publish both ways, print a table and one line of JSON, and say whether it is within the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.1, help="share of the people and ratings, 0 to 1")
    parser.add_argument("--films", type=int, help="films of the made-up set; by default all of MovieLens 32M's")
    parser.add_argument("--zip", type=Path, help="a set to use instead of a made-up one")
    parser.add_argument("--home", type=Path, help="a folder that keeps data and models; trained in there once")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="playbill-bench-") as scratch:
        home = options.home or Path(scratch)
        settings = settings_of(home)
        shape = shape_of(options.share, options.films)
        run_id = prepare(settings, lambda: options.zip or write_set(home / "set.zip", shape))
        publish(settings, run_id)
        found = measure(settings, run_id)
    for name, value in found.items():
        print(f"{name:16} {value:>10,}")
    print(json.dumps(found))
    print("within the limit" if found["ratio"] <= LIMIT else f"over the limit of {LIMIT} of a full publish")


if __name__ == "__main__":
    main()
