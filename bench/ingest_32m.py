"""How long a set of MovieLens 32M's size takes from its zip to ``interactions.parquet``, and how much memory.

``python -m bench.ingest_32m [--zip PATH] [--people N]``: without a zip, one is made first (two minutes), which is not
part of the figures. The ingest and the build run in a process of their own, whose peak resident memory is the figure;
the limits are 4 GB and 180 seconds on 2 cores.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

from bench.movielens_like import Shape, write_set
from pipelines.jobs.build import build
from pipelines.jobs.ingest import ingest
from pipelines.runs import new_run_id
from pipelines.settings import Settings

LIMIT_SECONDS, LIMIT_GB = 180.0, 4.0


def measure(zip_path: Path, home: Path) -> dict[str, float]:
    """Ingest and build in this process; return seconds of each stage, rows and the peak of resident memory."""
    settings = Settings(data_dir=home / "data", mlruns_dir=home / "mlruns")
    run_id = new_run_id()
    started = time.monotonic()
    batch = ingest(settings, run_id, movielens=zip_path)
    landed = time.monotonic()
    counts = build(settings, run_id).counts
    return {
        "ingest_seconds": round(landed - started, 1),
        "build_seconds": round(time.monotonic() - landed, 1),
        "seconds": round(time.monotonic() - started, 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "ratings": batch.ratings,
        "interactions": counts["fct_interactions"],
    }


def main() -> None:
    """Make the set, measure, print one line of JSON and say whether it is within its limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zip", type=Path, help="a set to measure instead of a made-up one")
    parser.add_argument("--people", type=int, default=Shape().people, help="people of the made-up set")
    options = parser.parse_args()
    share = options.people / Shape().people
    with tempfile.TemporaryDirectory(prefix="playbill-bench-") as scratch:
        path = options.zip or write_set(
            Path(scratch) / "ml-32m.zip",
            Shape(int(32_000_204 * share), options.people, max(200, int(87_585 * share)), int(2_000_072 * share)),
        )
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(measure, (path, Path(scratch)))
    print(json.dumps(found))
    print("within limits" if found["seconds"] <= LIMIT_SECONDS and found["peak_gb"] <= LIMIT_GB else "over the limits")


if __name__ == "__main__":
    main()
