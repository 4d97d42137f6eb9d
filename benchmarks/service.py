"""Searches a second over HTTP, by number of clients, against a service that runs beside this.

    rag serve --index /tmp/bench.index --sources seeds &
    python benchmarks/service.py --pid $! --out benchmarks/service.md

Each client keeps one connection open and asks one question after the other, all different. The
clients share the machine with the service, so its figures are a little better than these.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import time
from pathlib import Path

import psutil

HEADER = "| path | clients | requests/s | p50 ms | p95 ms | p99 ms | errors | service CPU ms |"
RULE = "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
WORDS_IT = (
    "accordi visita Astana Kazakistan Tokayev energia uranio corridoio Turchia difesa droni Unione "
    "Europea investimenti Trump terre rare minerali ferrovia Caspio commercio"
)
WORDS_EN = (
    "agreements visit Astana Kazakhstan energy uranium corridor Turkey defence drones European "
    "Union investment Trump rare earths minerals railway Caspian trade"
)


def questions(seed: int) -> list[str]:
    """Many different questions, half in each language: no cache can know them all."""
    choose = random.Random(seed)
    asked = []
    for number in range(2000):
        words = choose.sample((WORDS_IT if number % 2 else WORDS_EN).split(), 3)
        start = "Che cosa si dice di" if number % 2 else "What is said about"
        asked.append(f"{start} {words[0]}, {words[1]} {'e' if number % 2 else 'and'} {words[2]}?")
    return asked


class Connection:
    """One kept-alive HTTP connection, with as little client work as can be."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)

    async def post(self, path: str, body: bytes) -> int:
        """Send, read the whole answer, give its status."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in answer.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        await self._reader.readexactly(length)
        return int(answer.split(b" ", 2)[1])


async def load(
    host: str, port: int, path: str, clients: int, seconds: float
) -> tuple[float, list[float], int]:
    """(requests a second, milliseconds of each, errors) of so many clients at once."""
    took: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds

    async def client(seed: int) -> None:
        nonlocal errors
        connection = Connection(host, port)
        await connection.open()
        for question in questions(seed) * 100:
            start = time.perf_counter()
            if start > end:
                return
            fields = {"question": question, "k": 10} if "search" in path else {"question": question}
            status = await connection.post(path, json.dumps(fields).encode())
            took.append((time.perf_counter() - start) * 1000)
            errors += status != 200

    start = time.perf_counter()
    await asyncio.gather(*(client(seed) for seed in range(clients)))
    return len(took) / (time.perf_counter() - start), took, errors


def spent(process: psutil.Process | None) -> float:
    """Seconds of processor time so far."""
    if process is None:
        return float("nan")
    times = process.cpu_times()
    return float(times.user + times.system)


def measure(url: str, seconds: float, process: psutil.Process | None) -> list[str]:
    """The rows of the table, with the service's own processor time where its process is known."""
    host, _, port = url.removeprefix("http://").strip("/").partition(":")
    rows = []
    for path, clients in (
        ("/v1/search", 1), ("/v1/search", 8), ("/v1/search", 32), ("/v1/ask", 1), ("/v1/ask", 8),
    ):  # fmt: skip
        asyncio.run(load(host, int(port), path, clients, min(2.0, seconds)))  # warm up
        before = spent(process)
        rate, took, errors = asyncio.run(load(host, int(port), path, clients, seconds))
        cuts = statistics.quantiles(took, n=100)
        row = (
            f"| {path} | {clients} | {rate:.0f} | {cuts[49]:.1f} | {cuts[94]:.1f} | {cuts[98]:.1f}"
            f" | {errors} | {(spent(process) - before) * 1000 / len(took):.1f} |"
        )
        print(row, flush=True)
        rows.append(row)
    return rows


def main() -> None:
    """Measure, print, and with --out write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--pid", type=int, help="of the service, to tell its processor time")
    parser.add_argument("--note", default="", help="a sentence on what else ran")
    given = parser.parse_args()
    before = os.getloadavg()[0]
    process = psutil.Process(given.pid) if given.pid else None
    rows = measure(given.url, given.seconds, process)
    if given.out:
        machine = (
            f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
        )
        lines = [
            "# The service under load", "",
            "Made by `python benchmarks/service.py --pid PID --out benchmarks/service.md` against",
            "`rag serve` over the index of `seeds/`; clients and service share the machine. The",
            "last column is the processor time that the service spent on one request.", "",
            f"Machine: {machine}; load average before: {before:.2f}. {given.note}".strip(), "",
            HEADER, RULE, *rows, "",
            "Target on two cores: at least 150 searches a second at 32 clients with p99 under",
            "500 ms; p50 under 15 ms with one client.", "",
        ]  # fmt: skip
        given.out.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
