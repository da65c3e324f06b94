"""Clients that mean harm, and one that only wants its list; each attack runs in a process of its own.

    python -m bench.attackers NAME --port 8000 --count 1200 --seconds 8

An attack ends after its seconds and prints what it managed as one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Attack = Callable[["Attacker"], Awaitable[None]]
HOST = b"Host: localhost\r\n"


class Attacker:
    """One connection of an attack, opened again whenever the server closes it, until the time is up."""

    def __init__(self, port: int, seconds: float, tally: Counter[str]) -> None:
        self.port, self.end, self.tally = port, time.monotonic() + seconds, tally

    @property
    def going(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self.end

    async def connect(self) -> Streams:
        """Open a connection and count it."""
        streams = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self.port), 5)
        self.tally["connections"] += 1
        return streams

    async def send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """Send and count what was taken."""
        writer.write(data)
        await asyncio.wait_for(writer.drain(), 5)
        self.tally["bytes"] += len(data)


async def half_requests(attacker: Attacker) -> None:
    """Begin a request and never go on."""
    reader, writer = await attacker.connect()
    await attacker.send(writer, b"GET /health HTTP/1.1\r\nHos")
    await asyncio.wait_for(reader.read(1), attacker.end - time.monotonic())
    writer.close()


async def silent(attacker: Attacker) -> None:
    """Connect and say nothing."""
    reader, writer = await attacker.connect()
    await asyncio.wait_for(reader.read(1), attacker.end - time.monotonic())
    writer.close()


async def slow_heads(attacker: Attacker) -> None:
    """Send a header a byte at a time."""
    _, writer = await attacker.connect()
    await attacker.send(writer, b"GET /health HTTP/1.1\r\n" + HOST + b"X-Slow: ")
    while attacker.going:
        await attacker.send(writer, b"a")
        await asyncio.sleep(0.5)


async def endless_heads(attacker: Attacker) -> None:
    """Send headers without an end, as fast as they are taken."""
    _, writer = await attacker.connect()
    await attacker.send(writer, b"GET /health HTTP/1.1\r\n" + HOST)
    line = b"".join(b"X-%d: %b\r\n" % (number, b"a" * 1000) for number in range(60))
    while attacker.going:
        await attacker.send(writer, line)


async def many_heads(attacker: Attacker) -> None:
    """Send very short headers without an end: each costs more to keep than to send."""
    _, writer = await attacker.connect()
    await attacker.send(writer, b"GET /health HTTP/1.1\r\n" + HOST)
    while attacker.going:
        await attacker.send(writer, b"a:b\r\n" * 500)


async def slow_bodies(attacker: Attacker) -> None:
    """Promise a body and send it a byte at a time."""
    _, writer = await attacker.connect()
    await attacker.send(writer, post(200_000))
    while attacker.going:
        await attacker.send(writer, b" ")
        await asyncio.sleep(0.5)


async def half_bodies(attacker: Attacker) -> None:
    """Send nearly all of the largest body there may be, and never its end."""
    reader, writer = await attacker.connect()
    await attacker.send(writer, post(262_144) + b" " * 262_000)
    await asyncio.wait_for(reader.read(1), attacker.end - time.monotonic())
    writer.close()


async def endless_bodies(attacker: Attacker) -> None:
    """Send chunks without an end."""
    _, writer = await attacker.connect()
    await attacker.send(writer, b"POST /recommend HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
    while attacker.going:
        await attacker.send(writer, b"1000\r\n" + b" " * 4096 + b"\r\n")


async def pipelined(attacker: Attacker) -> None:
    """Send thousands of requests at once and read no answer."""
    _, writer = await attacker.connect()
    await attacker.send(writer, (b"GET /movies/popular HTTP/1.1\r\n" + HOST + b"\r\n") * 4000)
    await asyncio.sleep(0.2)
    writer.close()


async def slow_readers(attacker: Attacker) -> None:
    """Ask for films again and again and read nothing of them."""
    _, writer = await attacker.connect()
    while attacker.going:
        await attacker.send(writer, b"GET /movies/popular HTTP/1.1\r\n" + HOST + b"\r\n")
        await asyncio.sleep(0.5)


async def garbage(attacker: Attacker) -> None:
    """Send what is no HTTP."""
    reader, writer = await attacker.connect()
    await attacker.send(writer, bytes(range(256)) * 16)
    await asyncio.wait_for(reader.read(100), 5)
    writer.close()


def post(length: int) -> bytes:
    """Return the head of a request with a body of so many bytes."""
    kind = b"Content-Type: application/json\r\n"
    return b"POST /recommend HTTP/1.1\r\n%b%bContent-Length: %d\r\n\r\n" % (HOST, kind, length)


@dataclass(frozen=True)
class Asked:
    """What a good client met: the seconds each answer took, and how many were none."""

    seconds: list[float]
    failed: int


ATTACKS: dict[Attack, int] = {
    half_requests: 1200, silent: 1200, slow_heads: 1200, slow_bodies: 1200, slow_readers: 300, half_bodies: 300,
    endless_heads: 20, many_heads: 20, endless_bodies: 20, pipelined: 20, garbage: 20,
}  # fmt: skip
"""Each attack and how many connections it is made with here; those that only send fast are bounded by the client."""
BY_NAME = {attack.__name__: attack for attack in ATTACKS}


async def attack_with(name: str, port: int, count: int, seconds: float) -> Counter[str]:
    """Keep ``count`` connections at it for so long; return what was managed."""
    tally: Counter[str] = Counter()

    async def again_and_again() -> None:
        attacker = Attacker(port, seconds, tally)
        while attacker.going:
            try:
                await BY_NAME[name](attacker)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                tally["thrown out"] += 1
                await asyncio.sleep(0.05)

    await asyncio.gather(*(again_and_again() for _ in range(count)))
    return tally


async def good_client(port: int, seconds: float, path: str = "/recommendations/ml_1") -> Asked:
    """Ask for a list over a new connection each time, fifty times a second at most."""
    taken: list[float] = []
    failed = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET %b HTTP/1.1\r\n%bConnection: close\r\n\r\n" % (path.encode(), HOST))
                answer = await reader.read()
                writer.close()
            failed += not answer.startswith(b"HTTP/1.1 200")
        except (OSError, TimeoutError):
            failed += 1
        taken.append(time.perf_counter() - started)
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0.02)
    return Asked(taken, failed)


def run() -> None:
    """Run one attack."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=BY_NAME)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, default=1200)
    parser.add_argument("--seconds", type=float, default=8.0)
    args = parser.parse_args()
    print(json.dumps(asyncio.run(attack_with(args.name, args.port, args.count, args.seconds))))


if __name__ == "__main__":
    run()
