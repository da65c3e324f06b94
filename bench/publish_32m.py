"""How long a whole publish of the hybrid takes at MovieLens 32M's size, step by step, and how much memory.

Method: a made-up set (`movielens_like`) is ingested, built and trained, which is not part of the figures; then the
hybrid's lists of everybody are published whatever the gate would say: ranked, written, checked, summed and renamed, in
this process and the engine's. A step is what the progress line says; memory is the proportional share of all of them.
The limits are 5 minutes and 6 GB on 2 cores. Run:

    python -m bench.publish_32m                              # all of it
    python -m bench.publish_32m --share 0.1                  # a tenth of the people and ratings, all films
    python -m bench.publish_32m --zip PATH --home FOLDER     # a set that is there; FOLDER keeps what was trained
    python -m bench.publish_32m --shipped                    # all nine channels of the recipe, none learned away
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import tempfile
import time
from pathlib import Path

from bench.movielens_like import write_set
from bench.trained_set import Stages, prepare, settings_of, shape_of
from pipelines.jobs.publish import publish
from pipelines.progress import reporting
from warehouse.store import ReleaseStore

LIMIT_SECONDS, LIMIT_GB = 300.0, 6.0


def main() -> None:
    """Train unless that was done, publish, print a table and one line of JSON, and say whether it is within limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="share of the people and ratings, 0 to 1")
    parser.add_argument("--zip", type=Path, help="a set to use instead of a made-up one")
    parser.add_argument("--home", type=Path, help="a folder that keeps data and models; trained in there once")
    parser.add_argument("--shipped", action="store_true", help="the weights that ship, not learned from the set")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with tempfile.TemporaryDirectory(prefix="playbill-bench-") as scratch:
        home = options.home or Path(scratch)
        settings = settings_of(home)
        run_id = prepare(
            settings, lambda: options.zip or write_set(home / "set.zip", shape_of(options.share)),
            learn=not options.shipped,
        )  # fmt: skip
        started = time.monotonic()
        with Stages() as stages, reporting(stages):
            published = publish(settings, run_id)
        seconds = round(time.monotonic() - started, 1)
        release = ReleaseStore(settings.folder).verify(published.release_id)
        megabytes = round(sum(item.stat().st_size for item in release.path.rglob("*") if item.is_file()) / 1e6)
        if options.home:
            shutil.rmtree(release.path)  # so that the next publish is the same
    peak = max(float(row["peak_gb"]) for row in stages.rows)
    print(f"{'stage':34} {'seconds':>8} {'peak GB':>8}")
    rows: list[dict[str, float | str]] = [*stages.rows, {"stage": "whole", "seconds": seconds, "peak_gb": peak}]
    for row in rows:
        print(f"{row['stage']:34} {row['seconds']:8} {row['peak_gb']:8}")
    found = {"people": published.users, "films": published.movies, "ratings": published.ratings, "mb": megabytes}
    print(json.dumps({**found, "seconds": seconds, "peak_gb": peak, "stages": stages.rows}))
    print("within limits" if seconds <= LIMIT_SECONDS and peak <= LIMIT_GB else "over the limits")


if __name__ == "__main__":
    main()
