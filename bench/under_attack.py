"""How well good clients are answered while others attack, and what it costs the server.

Method. The API serves a synthetic release of 2,000 people as it ships (one worker, default limits). A good client asks
for a list over a new connection each time, at most fifty times a second, for two seconds at rest and for five beside
each attack of `bench.attackers`, which runs in a process of its own on the same machine, so that it also takes
processor time from client and server. p99 is of those answers; memory is the server's, read at the end.

    python -m bench.under_attack            done when 4 of issue 10: p99 under attack at most 10 times p99 at rest
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.attackers import ATTACKS, Asked, good_client
from bench.serving_load import API, memory_mb, server, serving
from bench.serving_release import publish_synthetic
from warehouse.folder import DataFolder

ATTACK_SECONDS, REST_SECONDS, ASKED_SECONDS = 8.0, 2.0, 5.0


def p99_ms(asked: Asked) -> float:
    """Return the 99th percentile of a good client's answers, milliseconds."""
    return float(np.quantile(asked.seconds, 0.99)) * 1000


def measure(name: str, count: int, data_dir: Path) -> str:
    """Return one line of the table."""
    with server(API, serving(data_dir)) as (port, pid):
        asyncio.run(good_client(port, 0.5))
        rest, memory = asyncio.run(good_client(port, REST_SECONDS)), memory_mb(pid)
        command = [sys.executable, "-m", "bench.attackers", name, "--port", str(port), "--count", str(count)]
        with subprocess.Popen([*command, "--seconds", str(ATTACK_SECONDS)], stdout=subprocess.DEVNULL) as attack:
            time.sleep(1.5)
            asked = asyncio.run(good_client(port, ASKED_SECONDS))
            grown = memory_mb(pid) - memory
            attack.wait()
    return (
        f"{name:15} {count:5} connections  p99 {p99_ms(rest):6.1f} -> {p99_ms(asked):7.1f} ms "
        f"({p99_ms(asked) / p99_ms(rest):4.1f} times)  {len(asked.seconds):4} answers, {asked.failed} failed  "
        f"memory {memory:.0f} {grown:+.0f} MB"
    )


def main() -> None:
    """Attack in every way there is, or in the ways that are named."""
    names = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="playbill-bench-") as folder:
        publish_synthetic(DataFolder(Path(folder)), people=2000, films=10_000)
        for attack, count in ATTACKS.items():
            if not names or attack.__name__ in names:
                print(measure(attack.__name__, count, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
