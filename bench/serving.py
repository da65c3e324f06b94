"""How fast the API is, against a bare route in the same server; how fast live lists are; how steady it is under change.

Method. A synthetic release (by default 140,000 people, lists of 50, 20,000 films) is published into a temporary folder.
Two servers run one after the other with the same settings (uvicorn, one worker, uvloop, httptools, no access log):
the API, and a FastAPI application with one async route that returns as many bytes as an average list of ten. The client
is one process of asyncio with keep-alive connections, eight by default, each asking again as soon as it is answered;
it reads whole answers and parses the status line and the length, no more. Client and server share the machine, so
both ratios are of servers that had the same company. Rounds alternate; the median round counts.

    python -m bench.serving throughput      done when 1: at least 0.35 of the bare route, p99 at most 3 times its p99
    python -m bench.serving live            done when 2: p50 at most 15 ms, p99 at most 50 ms, in the server
    python -m bench.serving steady          done when 3: publishes and rollbacks under load, memory
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from bench.serving_load import API, BARE, load, memory_mb, server, serving
from bench.serving_release import publish_synthetic
from pipelines.settings import Settings
from warehouse.folder import DataFolder
from warehouse.store import ReleaseStore


def throughput(args: argparse.Namespace, data_dir: Path) -> None:
    """Compare the API's lists with a bare route of as many bytes."""
    publish_synthetic(DataFolder(data_dir), people=args.people, films=args.films)
    rng = random.Random(1)

    def somebody() -> str:
        return f"/recommendations/ml_{rng.randrange(args.people)}?limit=10"

    with server(API, serving(data_dir)) as (port, pid):
        sample = load(port, somebody, clients=1, seconds=1)
        size = sample.bytes // len(sample.seconds)
        print(f"an average answer has {size} bytes; the API holds {memory_mb(pid):.0f} MB")
        with server(BARE, {"BARE_BYTES": str(size)}) as (bare_port, _):
            ours: list[tuple[float, float, float, int]] = []
            bare: list[tuple[float, float, float, int]] = []
            for _ in range(args.rounds):
                for port_, path, found in ((port, somebody, ours), (bare_port, lambda: "/bare", bare)):
                    tally = load(port_, path, clients=args.clients, seconds=args.seconds)
                    found.append((len(tally.seconds) / args.seconds, tally.p(0.5), tally.p(0.99), tally.failed))
    for name, found in (("API ", ours), ("bare", bare)):
        rates, p50, p99, failed = (list(column) for column in zip(*found, strict=True))
        print(
            f"{name}: {median(rates):7.0f}/s  p50 {median(p50):.2f} ms  p99 {median(p99):.2f} ms  failed {sum(failed)}"
        )
    rate = median(one[0] for one in ours) / median(one[0] for one in bare)
    slower = median(one[2] for one in ours) / median(one[2] for one in bare)
    print(f"ratio {rate:.2f} (at least 0.35), p99 {slower:.2f} times (at most 3)")


def live(args: argparse.Namespace, data_dir: Path) -> None:
    """Time live lists of a single model, and of the hybrid that is published."""
    for hybrid in (False, True):
        folder = data_dir / str(hybrid)
        publish_synthetic(DataFolder(folder), people=2000, films=args.films, hybrid=hybrid)
        _time_live(args, folder, "hybrid" if hybrid else "als")


def _time_live(args: argparse.Namespace, data_dir: Path, model: str) -> None:
    """Time a live list inside the process, once Supabase has answered: merge, fingerprint, model, reasons, bytes.

    The stored history is looked up while Supabase is asked; what of that is not done by then counts.
    """
    from threadpoolctl import threadpool_limits

    from pipelines.sources.supabase.live import LiveRating
    from serving.http.render import list_body
    from serving.lists.live import Live
    from serving.metrics import Metrics
    from serving.snapshot import Snapshot

    class Ratings:
        """Answers after a while, as Supabase does; the time until then is taken off."""

        taken = 0.0

        async def read(self, user_id: str, *, seconds: float) -> list[LiveRating]:
            started = time.perf_counter()
            films = 1000 + rng.choice(args.films, args.history, replace=False)
            rows = [LiveRating(int(film), float(rng.integers(1, 11)) / 2, 1_700_000_000 + at * 60)
                    for at, film in enumerate(films)]  # fmt: skip
            await asyncio.sleep(args.supabase_ms / 1000)
            self.taken = time.perf_counter() - started
            return rows

    settings, rng = Settings(data_dir=data_dir), np.random.default_rng(2)
    snapshot = Snapshot(ReleaseStore(settings.folder).current(), settings.serving)
    ratings = Ratings()
    maker = Live(ratings, Metrics(), seconds=0.4, min_ratings=5)  # type: ignore[arg-type]
    seconds = []

    async def run() -> None:
        for number in range(args.requests):
            started = time.perf_counter()
            made = await maker.list_for(snapshot, f"ml_{number % 2000}", 10, started=time.monotonic())
            list_body(snapshot, made.picks, user_id="x", strategy=made.strategy)
            seconds.append(time.perf_counter() - started - ratings.taken)
            assert made.strategy == "live"

    with threadpool_limits(1, "blas"):  # as the API sets it when it starts
        asyncio.run(run())
    p50, p99 = (float(np.quantile(seconds[20:], share)) * 1000 for share in (0.5, 0.99))
    what = f"live list of {model}, {args.films} films, history of {args.history}"
    print(f"{what}: p50 {p50:.1f} ms (15), p99 {p99:.1f} ms (50)")


def steady(args: argparse.Namespace, data_dir: Path) -> None:
    """Publish and roll back under load, then count memory over many requests."""
    folder = DataFolder(data_dir)
    store = ReleaseStore(folder)
    for number in range(2):
        publish_synthetic(folder, people=args.people, films=args.films, seed=number)
    rng = random.Random(1)

    def somebody() -> str:
        return f"/recommendations/ml_{rng.randrange(args.small)}?limit=10"

    with server(API, serving(data_dir)) as (port, pid):
        before = load(port, somebody, clients=args.clients, seconds=2)
        load_program = (
            "import sys, random, json; from bench.serving_load import load; n = int(sys.argv[2]); "
            "t = load(int(sys.argv[1]), lambda: f'/recommendations/ml_{random.randrange(n)}?limit=10', "
            "clients=int(sys.argv[3]), seconds=float(sys.argv[4]), check=True); "
            "print(json.dumps([len(t.seconds), t.failed, t.mixed, t.p(0.99)]))"
        )
        swaps = args.publishes + args.rollbacks
        loading = subprocess.Popen(
            [sys.executable, "-c", load_program,
             str(port), str(args.small), str(args.clients), str(swaps * args.pause)],
            stdout=subprocess.PIPE, cwd=Path(__file__).parents[1], text=True,
        )  # fmt: skip
        started, seen, done = time.monotonic(), set(), 0
        for number in range(swaps):
            if number % 6 == 5:
                store.make_current(store.before(store.current_id()))
            else:
                publish_synthetic(folder, people=args.small, films=args.films, seed=number + 2)
            done += 1
            seen.add(store.current_id())
            store.prune(3)
            time.sleep(max(0.0, started + done * args.pause - time.monotonic()))
        output, _ = loading.communicate(timeout=600)
        requests, failed, mixed, p99 = json.loads(output)
        print(f"{done} publishes and rollbacks, {len(seen)} releases served, {requests} requests, {failed} failed, "
              f"{mixed} mixed, p99 {p99:.1f} ms ({before.p(0.99):.1f} ms at rest)")  # fmt: skip
        time.sleep(2)
        load(port, somebody, clients=args.clients, seconds=0, count=20_000)
        first = memory_mb(pid)
        found = [first]
        for _ in range(10):
            load(port, somebody, clients=args.clients, seconds=0, count=20_000)
            found.append(memory_mb(pid))
        print(f"memory over 200,000 requests: {first:.1f} MB, then {min(found):.1f} to {max(found):.1f} "
              f"({(max(found) / first - 1) * 100:+.1f} %)")  # fmt: skip


def main() -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    benches = {"throughput": throughput, "live": live, "steady": steady}
    parser.add_argument("what", nargs="?", choices=benches, help="one of them; all by default")
    parser.add_argument("--people", type=int, default=140_000)
    parser.add_argument("--films", type=int, default=20_000)
    parser.add_argument("--history", type=int, default=200)
    parser.add_argument("--requests", type=int, default=500)
    # a virtual processor that was idle for ten takes twice as long for what comes next
    parser.add_argument("--supabase-ms", type=float, default=1, help="what a made-up Supabase takes for an answer")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--publishes", type=int, default=50)
    parser.add_argument("--rollbacks", type=int, default=10)
    parser.add_argument("--pause", type=float, default=3.0, help="seconds between two changes")
    parser.add_argument("--small", type=int, default=10_000, help="people in the releases published under load")
    args = parser.parse_args()
    for bench in [benches[args.what]] if args.what else benches.values():
        with tempfile.TemporaryDirectory(prefix="playbill-bench-") as folder:
            bench(args, Path(folder))


if __name__ == "__main__":
    main()
