"""`make bench-log`: a desk of years, with 1,000,000 records and 10,000 keys, in one database.

BENCH_ARGS: --records N (1000000), --keys N (10000), --keep DIR to build it once and measure it again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Origin, Scope
from keyguard.ports.audit import Draft
from keyguard.ports.inventory import Lease, Observation
from keyguard.workflows import identity
from tests.daemon.homes import DaemonHome

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyguard.ports.all import Ports

AT_ONCE = 5000
CLIENTS = 200
Row = tuple[str, str]


def main() -> None:
    """Build, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=10_000)
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = args.keep or Path(folder)
        kept.mkdir(exist_ok=True)
        home = DaemonHome(kept, keys=args.keys)
        try:
            _fill(home, args.records)
            rows = _measured(home)
        finally:
            home.end()
    width = max(len(name) for name, _ in rows)
    sys.stdout.write("".join(f"{name:<{width}}  {value}\n" for name, value in rows))


def _fill(home: DaemonHome, records: int) -> None:
    """Each record a hand-out as a desk's daemon writes it, with its private part and its lease, ended."""
    with home.opened() as ports:
        missing = records - sum(1 for _ in ports.audit.entries())
        if missing == records:
            _observe(ports)
        while missing > 0:
            _hand_out(ports, missing, min(missing, AT_ONCE))
            missing -= AT_ONCE
            sys.stderr.write(f"\r{max(missing, 0)} records to write  ")
    sys.stderr.write("\n")


def _observe(ports: Ports) -> None:
    """Every key was looked at twice."""
    now = ports.clock.now()
    keys = ports.inventory.keys()
    live = ports.inventory.live_versions([key.id for key in keys])
    with ports.inventory.transaction():
        for version in live.values():
            for days in (30, 1):
                report = KeyReport(
                    version.public_id,
                    scopes=Scope.READ | Scope.TRADE_SPOT,
                    scopes_origin=Origin.REPORTED,
                    ips=("203.0.113.7",),
                    ips_origin=Origin.REPORTED,
                )
                ports.inventory.observe(Observation(version.id, now - timedelta(days=days), report))


def _hand_out(ports: Ports, seed: int, count: int) -> None:
    names, now = identity.names(ports, "bybit"), ports.clock.now()
    keys = ports.inventory.keys()
    live = ports.inventory.live_versions([key.id for key in keys])
    drafts, leases = [], []
    for number in range(seed, seed - count, -1):
        version = live[f"k{number % len(keys)}"]
        body = {
            "key": version.fingerprint,
            "person": names.person(f"p{number % 40}"),
            "host": names.host(f"h{number % 12}"),
            "process": "python3.11",
            "mode": "socket",
            "lease_s": 3600,
            "grant": names.record_id(f"gr_{number % 500:04x}"),
            "purpose": "quote BTCUSDT",
        }
        private = {
            "user": f"bot{number % 40}",
            "host": f"tokyo-{number % 12}",
            "pid": number % 4_194_304,
            "started": str(number),
            "executable": "/usr/bin/python3.11",
            "executable_sha256": "5e" * 32,
            "unit": "quoter.service",
            "parents": ["systemd 1"],
        }
        drafts.append(Draft("bybit", "handout", body, private))
        leases.append(Lease(f"{number:016x}", version.id, number, str(number), "python3.11", now, now))
    with ports.inventory.transaction():
        ports.audit.append_all(drafts)
        ports.inventory.add_leases(leases)


def _measured(home: DaemonHome) -> list[Row]:
    size = home.home.database_file.stat().st_size >> 20
    rows = [("database, MiB", str(size))]
    rows += _timed("log verify", home, ("log", "verify"), "60 s; bounded memory")
    rows += _timed("key list", home, ("key", "list"), "0.5 s")
    begun = time.perf_counter()
    daemon = home.start()
    rows.append(("daemon serves after, s", f"{time.perf_counter() - begun:.2f} (bar: 2)"))
    with home.connection() as admin:
        rows.append(("key.list of the daemon, s", f"{_took(lambda: admin.call('key.list')):.3f} (bar: 0.5)"))
    rows += _crowd(home)
    begun = time.perf_counter()
    daemon.kill()
    daemon.wait()
    home.start()
    rows.append(("it serves again after kill -9, s", f"{time.perf_counter() - begun:.2f} (bar: 2)"))
    return rows


def _timed(name: str, home: DaemonHome, words: tuple[str, ...], bar: str) -> list[Row]:
    """A command from its start to its end, and the most memory it had."""
    words = (sys.executable, "-S", "-E", "-c", MEASURE, *home.command(*words))
    told = subprocess.run(words, env=home.environment(), check=True, capture_output=True, text=True).stdout
    took, used, peak = told.split()
    return [
        (f"{name}, s", f"{float(took):.2f} (bar: {bar})"),
        (f"{name}, processor time, s", f"{float(used):.2f}"),
        (f"{name}, peak MiB of its process", str(int(peak) >> 10)),
    ]


MEASURE = """
import os, sys, time
begun = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)])
_, status, used = os.wait4(child, 0)
print(time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(status != 0)
"""
"""Starts a command from a process that is small: a child's peak begins at what its parent had."""

CLIENT = """
import socket, sys, time
sock = socket.socket(socket.AF_UNIX)
print("ready", flush=True)
sys.stdin.readline()
took = []
for number in range(int(sys.argv[3])):
    at = time.perf_counter()
    if not number:
        sock.connect(sys.argv[1])
    sock.sendall(sys.argv[2].encode() + b"\\n")
    answer = b""
    while not answer.endswith(b"\\n"):
        answer += sock.recv(65536)
    took.append(time.perf_counter() - at)
    assert b'"credential"' in answer, answer
print(*took, flush=True)
sys.stdin.readline()
"""
ASKS = 20


def _crowd(home: DaemonHome) -> list[Row]:
    """200 processes that connect at once, each for a hand-out of its own, then again inside its lease."""
    get = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "handout.get", "params": {"key": "bybit/mm/bot0"}})
    words = [sys.executable, "-S", "-E", "-c", CLIENT, os.fspath(home.socket), get, str(ASKS)]
    crowd = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(CLIENTS)
    ]
    for one in crowd:
        assert one.stdout is not None
        one.stdout.readline()
    begun = time.perf_counter()
    for one in crowd:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    took = [[float(text) for text in one.stdout.readline().split()] for one in crowd if one.stdout]
    whole = time.perf_counter() - begun
    with home.connection() as admin:
        status = admin.call("status")
    for one in crowd:
        one.communicate("end\n")
    first, again = sorted(t[0] for t in took), sorted(x for t in took for x in t[1:])
    return [
        (f"{CLIENTS} clients at once: all had {ASKS} answers after, s", f"{whole:.2f}"),
        ("connections, hand-outs that run", f"{status['connections']}, {status['hand_outs']}"),
        ("first answer (recorded), median and worst, ms", f"{first[100] * 1e3:.0f}, {first[-1] * 1e3:.0f}"),
        ("inside the lease, median and p99, ms", f"{_of(again, 50) * 1e3:.1f}, {_of(again, 99) * 1e3:.1f}"),
    ]


def _of(ordered: list[float], share: int) -> float:
    return ordered[len(ordered) * share // 100]


def _took(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
