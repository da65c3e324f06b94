"""How long ``playbill run --no-enrich`` takes on a set of MovieLens 32M's size, stage by stage, and how much memory.

Method: the command itself in a process of its own on a made-up set (`movielens_like`; making it is not part of the
figures), with a data folder of its own. A stage ends with its log line; memory is the proportional share (PSS) of the
command and its children, looked at twice a second. The limits are 40 minutes and 12 GB on 2 cores. Run:

    python -m bench.run_32m                # all of it
    python -m bench.run_32m --share 0.1    # a tenth of the people and ratings, all films
    python -m bench.run_32m --zip PATH     # a set that is there already
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.movielens_like import write_set
from bench.trained_set import memory_gb, shape_of

LIMIT_MINUTES, LIMIT_GB = 40.0, 12.0
DONE = re.compile(r"\b(ingest|build|train|evaluate|promote|publish) done\b(?:.* model=(\S+))?")
POLL_SECONDS = 0.5


def measure(zip_path: Path, home: Path) -> list[dict[str, object]]:
    """Run the command and return a row a stage: seconds since the one before, and the peak of memory in it."""
    environment = {**os.environ, "PLAYBILL_DATA_DIR": str(home / "data"), "PLAYBILL_MLRUNS_DIR": str(home / "mlruns")}
    command = [str(Path(sys.executable).with_name("playbill")), "run", "--no-enrich", "--movielens", str(zip_path)]
    rows: list[dict[str, object]] = []
    peak = [0.0]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:

        def watch() -> None:
            while running.poll() is None:
                peak[0] = max(peak[0], memory_gb(str(running.pid)))
                time.sleep(POLL_SECONDS)

        watcher = threading.Thread(target=watch)
        watcher.start()
        before = time.monotonic()
        for line in running.stderr or ():
            print(line, end="", file=sys.stderr, flush=True)
            found = DONE.search(line)
            if found:
                now = time.monotonic()
                stage = " ".join(part for part in found.groups() if part and found[1] in ("train", part))
                if rows and stage == rows[-1]["stage"]:
                    continue  # one line a figure
                rows.append({"stage": stage, "seconds": round(now - before, 1), "peak_gb": round(peak[0], 2)})
                before, peak[0] = now, 0.0
        watcher.join()
    rows.append({"stage": "end", "seconds": round(time.monotonic() - before, 1), "peak_gb": round(peak[0], 2)})
    if running.returncode:
        sys.exit(f"playbill run ended with exit code {running.returncode}")
    return rows


def main() -> None:
    """Make the set, run, print a table and one line of JSON, and say whether it is within its limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="share of the people and ratings, 0 to 1")
    parser.add_argument("--zip", type=Path, help="a set to run on instead of a made-up one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="playbill-bench-") as scratch:
        home = Path(scratch)
        path = options.zip or write_set(home / "ml-32m.zip", shape_of(options.share))
        rows = measure(path, home)
    seconds, peak = sum(float(str(row["seconds"])) for row in rows), max(float(str(row["peak_gb"])) for row in rows)
    print(f"{'stage':34} {'seconds':>8} {'peak GB':>8}")
    for row in [*rows, {"stage": "whole", "seconds": round(seconds, 1), "peak_gb": peak}]:
        print(f"{row['stage']:34} {row['seconds']:8} {row['peak_gb']:8}")
    print(json.dumps({"seconds": round(seconds, 1), "peak_gb": peak, "stages": rows}))
    print("within limits" if seconds <= 60 * LIMIT_MINUTES and peak <= LIMIT_GB else "over the limits")


if __name__ == "__main__":
    main()
