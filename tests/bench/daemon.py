"""`make bench-daemon`: what a hand-out costs, beside a bare asyncio echo measured in the same run.

BENCH_ARGS: --seconds N of sustained hand-outs (60), --calls N for the memory figure (200000).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from keyguard.client.aio import AsyncClient
from keyguard.processes import stat_fields
from tests.daemon.homes import DaemonHome

ECHO = """
import asyncio, json, sys
async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(json.dumps(json.loads(line)).encode() + b"\\n")
        await writer.drain()
async def main():
    server = await asyncio.start_unix_server(serve, sys.argv[1])
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
CALLS = 10_000
ASKING_AT_ONCE = 64


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--calls", type=int, default=200_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = DaemonHome(Path(folder))
        daemon = home.start()
        try:
            rows = [*_latency(home, Path(folder, "echo")), *_memory(home, daemon.pid, args.calls)]
            rows += _sustained(home, daemon.pid, args.seconds)
        finally:
            home.end()
    width = max(len(name) for name, _ in rows)
    sys.stdout.write("".join(f"{name:<{width}}  {value}\n" for name, value in rows))


def _latency(home: DaemonHome, echo: Path) -> list[tuple[str, str]]:
    """p50 and p99 of `get` inside its lease and of the echo of the same answer, taken in turns."""
    with subprocess.Popen([sys.executable, "-c", ECHO, str(echo)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        ours, theirs = _connected(home.socket), _connected(echo)
        get = _request("handout.get", {"key": "bybit/mm/bot0"})
        answer = _ask(ours, get)
        took: dict[str, list[float]] = {"get": [], "echo": []}
        for _ in range(10):
            took["echo"] += _times(theirs, answer)
            took["get"] += _times(ours, get)
        process.kill()
    rows = []
    for share, bar in ((50, 2.5), (99, 4.0)):
        of_get, of_echo = (_percentile(took[name], share) for name in ("get", "echo"))
        rows.append((f"get, p{share}, us", f"{of_get * 1e6:.0f}"))
        rows.append((f"echo, p{share}, us", f"{of_echo * 1e6:.0f}"))
        rows.append((f"get / echo, p{share}", f"{of_get / of_echo:.2f} (bar: {bar})"))
    return rows


def _memory(home: DaemonHome, pid: int, calls: int) -> list[tuple[str, str]]:
    sock, get = _connected(home.socket), _request("handout.get", {"key": "bybit/mm/bot0"})
    for _ in range(calls // 10):
        _ask(sock, get)
    before = _resident(pid)
    for _ in range(calls):
        _ask(sock, get)
    after = _resident(pid)
    growth = (after - before) / before * 100
    return [(f"memory over {calls} calls", f"{before} KiB, then {after} KiB: {growth:+.1f} % (bar: 5)")]


def _sustained(home: DaemonHome, pid: int, seconds: int) -> list[tuple[str, str]]:
    """Hand-outs of their own, each with its record and its lease, by 64 askers at once."""
    before, rss = len(home.records("handout")), _resident(pid)
    cpu, at = _cpu_s(pid), time.monotonic()
    done = asyncio.run(_many(home, seconds))
    took, used = time.monotonic() - at, _cpu_s(pid) - cpu
    home.verify()
    return [
        ("hand-outs a second, sustained", f"{done / took:.0f} over {took:.0f} s (bar: 1000)"),
        ("daemon's CPU for one (get and end), us", f"{used / done * 1e6:.0f}"),
        ("of them without a record", str(done - len(home.records("handout")) + before)),
        ("memory over them", f"{rss} KiB, then {_resident(pid)} KiB"),
    ]


async def _many(home: DaemonHome, seconds: int) -> int:
    until = time.monotonic() + seconds

    async def ask(keys: AsyncClient) -> int:
        done = 0
        while time.monotonic() < until:
            key = await keys.get("bybit/mm/bot0", fresh=True)
            done += 1
            await keys.end(key)
        return done

    async with AsyncClient(home.home.path) as keys:
        return sum(await asyncio.gather(*(ask(keys) for _ in range(ASKING_AT_ONCE))))


def _connected(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(path))
    return sock


def _request(method: str, params: dict[str, str]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n"


def _ask(sock: socket.socket, line: bytes) -> bytes:
    sock.sendall(line)
    answer = b""
    while not answer.endswith(b"\n"):
        answer += sock.recv(65_536)
    return answer


def _times(sock: socket.socket, line: bytes) -> list[float]:
    took = []
    for _ in range(CALLS // 10):
        begun = time.perf_counter()
        _ask(sock, line)
        took.append(time.perf_counter() - begun)
    return took


def _percentile(values: list[float], share: int) -> float:
    return sorted(values)[len(values) * share // 100]


def _cpu_s(pid: int) -> float:
    fields = stat_fields(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError(os.listdir(f"/proc/{pid}"))


if __name__ == "__main__":
    main()
