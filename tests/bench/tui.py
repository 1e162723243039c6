"""`make bench-tui`: first paint, and how soon keys are answered with 5,000 keys; for docs/benchmarks.md.

First paint: a process in a pseudo-terminal; from the moment its interpreter begins to run our code to the
first byte of the alternate screen and to the last of the first frame. Keys: the pilot sends one and waits
until every widget has dealt with it and the screen is painted, so each figure holds the whole answer.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import os
import pty
import select
import statistics
import struct
import sys
import tempfile
import termios
import time
from datetime import timedelta
from pathlib import Path

from textual.events import Key as KeyEvent

from keyguard import wiring
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Key, KeyVersion, Origin, Scope, VersionStatus
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.home import Config, Home
from keyguard.ports.inventory import Observation
from keyguard.tui import run
from keyguard.tui.screens.keys import GROUPS
from tests.tui.harness import seated

VENUES = ("binance", "bybit", "okx", "kraken", "deribit", "gate", "kucoin", "htx", "bitget", "mexc")
READ = Scope.READ
SCOPES = (READ, READ | Scope.TRADE_SPOT, READ | Scope.TRADE_DERIVATIVES, READ | Scope.WITHDRAW)
CLOCK_FD = 9
ROUNDS = 3
"""From the app to the screen, to what has the focus, and a message of that to the screen again."""
NOBODY = run._Nobody()


def crowded(path: Path, count: int) -> Home:
    """A real home with so many keys of ten venues and forty desks, each seen at its venue."""
    home = Home(path)
    wiring.create(
        home, Config("bench", "file", firm={"name_latin": "Bench"}), lambda: Secret("FAKE for a bench")
    )
    now = SystemClock().now()
    with (
        wiring.opened(home, lambda: Secret("FAKE for a bench"), NOBODY) as ports,
        ports.inventory.transaction(),
    ):
        for number in range(count):
            venue = VENUES[number % len(VENUES)]
            scopes = SCOPES[number % len(SCOPES)]
            needs = scopes & ~Scope.WITHDRAW
            name = (f"desk{number % 40:02}", f"bot{number:05}")
            key = Key(f"k{number}", venue, *name, owner=f"owner{number % 25}", needs=needs)
            born = now - timedelta(days=number % 60)
            version = KeyVersion(
                f"v{number}", key.id, 1, f"AKID{number}", "ab" * 16, VersionStatus.LIVE, born
            )
            ports.inventory.add_key(key, version)
            report = KeyReport(
                version.public_id,
                scopes=scopes,
                scopes_origin=Origin.REPORTED,
                ips=("203.0.113.7",),
                ips_origin=Origin.REPORTED,
                created_at=born,
                expires_at=now + timedelta(days=number % 400),
                expiry_origin=Origin.REPORTED,
            )
            ports.inventory.observe(Observation(version.id, now, report))
    return home


async def answers(home: Home, repeats: int) -> dict[str, list[float]]:
    """Milliseconds for each press of a key, by what was done."""
    times: dict[str, list[float]] = {}
    run.rest_collector()
    async with seated(of=run.source(home), size=(200, 50)) as seat:

        async def press(what: str, key: str) -> None:
            begin = time.perf_counter()
            seat.app.post_message(KeyEvent(key, key if len(key) == 1 else None))
            for _ in range(ROUNDS):
                await seat.pilot._wait_for_screen()
            seat.app.screen._on_timer_update()
            times.setdefault(what, []).append((time.perf_counter() - begin) * 1000)

        await press("first visit of the list", "2")
        for _ in range(repeats):
            for key in ("down", "down", "pagedown", "up", "end", "home"):
                await press("moving in the list", key)
            await press("opening the filter", "slash")
            for letter in ("b", "o", "t", "0", "4", "backspace", "backspace"):
                await press("typing a filter", letter)
            await press("closing the filter", "escape")
            for _ in GROUPS:
                await press("grouping", "v")
            await press("opening a key's page", "enter")
            await press("closing it", "escape")
            for place in ("1", "2", "4", "2"):
                await press("changing screens", place)
            await press("opening the palette", "colon")
            for letter in ("k", "r", "a"):
                await press("typing in the palette", letter)
            await press("closing the palette", "escape")
            await press("help", "question_mark")
            await press("closing help", "escape")
    return times


def first_paint(home: Path) -> float:
    """Milliseconds from our first line to the whole first frame, in a pseudo-terminal."""
    code = (
        "import os, sys, time\n"
        f"os.write({CLOCK_FD}, f'{{time.monotonic()}} '.encode())\n"
        "from keyguard.cli.main import main\n"
        "main(['--home', sys.argv[1], 'tui', '--lang', 'en'])\n"
    )
    reading, writing = os.pipe()
    pid, terminal = pty.fork()
    if not pid:
        os.dup2(writing, CLOCK_FD)
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-c", code, str(home)])
    os.close(writing)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 36, 120, 0, 0))
    seen = b""
    while b"daemon" not in seen and b"reading" not in seen:
        if not select.select([terminal], [], [], 30)[0]:
            raise RuntimeError(f"no frame: {seen[-300:]!r}")
        seen += os.read(terminal, 65536)
    end = time.monotonic()
    begin = float(os.read(reading, 100).split()[0])
    os.write(terminal, b"\x11")
    with contextlib.suppress(OSError):  # the terminal is closed by who ran in it
        while select.select([terminal], [], [], 10)[0] and os.read(terminal, 65536):
            pass
    os.waitpid(pid, 0)
    os.close(terminal)
    os.close(reading)
    return (end - begin) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--paints", type=int, default=10)
    args = parser.parse_args()
    sys.stdout.write("| what | n | p50 ms | p95 ms | worst ms |\n|---|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as folder:
        home = crowded(Path(folder) / "home", args.keys)
        times = asyncio.run(answers(home, args.repeats))
        paints = [first_paint(home.path) for _ in range(args.paints)]
    times["all presses"] = [one for found in times.values() for one in found]
    times["first paint"] = paints
    for what, found in times.items():
        row = (len(found), *(f"{value:.0f}" for value in (statistics.median(found), _p95(found), max(found))))
        sys.stdout.write(f"| {what} | {' | '.join(map(str, row))} |\n")


def _p95(found: list[float]) -> float:
    return sorted(found)[max(-(-len(found) * 95 // 100) - 1, 0)]


if __name__ == "__main__":
    main()
