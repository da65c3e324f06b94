"""What one fit of each model costs: processor time, peak memory, bytes saved; docs/models.md has the figures.

    OMP_NUM_THREADS=1 python -m bench.fits --data DATA

``DATA`` is a data folder after `playbill build`; without one the embedded sample is built into a temporary folder.
Each model is fitted by its shipped recipe in a process of its own; memory is the process's peak, libraries and data
included.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipelines.blend.hybrid import MEMBERS
from pipelines.choice.recipes import make_model
from pipelines.jobs.build import build
from pipelines.jobs.ingest import ingest
from pipelines.people.reader import read_films, read_people
from pipelines.settings import Settings


def main() -> None:
    """Print a line a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model")
    args = parser.parse_args()
    if args.model:
        _fit(args.model, args.data)
        return
    with tempfile.TemporaryDirectory() as folder:
        if args.data is None:
            settings = Settings(data_dir=Path(folder))
            ingest(settings, "fits", dataset="sample")
            build(settings, "fits")
        for name in MEMBERS:
            command = [sys.executable, "-m", "bench.fits", "--model", name, "--data", str(args.data or folder)]
            subprocess.run(command, check=True)


def _fit(name: str, data: Path) -> None:
    folder = Settings(data_dir=data).folder
    people, films = read_people(folder), read_films(folder)
    histories = people.histories_in(films)
    before = _peak_mb()
    started = time.process_time()
    model = make_model(name).fit(histories, films)
    seconds = time.process_time() - started
    with tempfile.TemporaryDirectory() as saved:
        model.save(Path(saved) / name)
        size = sum(path.stat().st_size for path in Path(saved).rglob("*") if path.is_file()) / 1e6
    print(f"{name:13} {seconds:6.2f} s of processor time, {size:5.1f} MB saved, peak {_peak_mb():.0f} MB "
          f"({before:.0f} before the fit)", flush=True)  # fmt: skip


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
