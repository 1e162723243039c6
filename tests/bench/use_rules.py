"""What rules on use cost: `python -m tests.bench.use_rules [--records N]`, no daemon, one process.

First the same hand-outs with eight rules and without, in turns on one log of N records; then what it takes
to make the histories from that log, and to rehearse it.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.workflows import identity, use_log, use_rehearsal
from keyguard.workflows.handout_batch import Permit, Wanted, record
from keyguard.workflows.identity import Actor, Process
from tests.daemon.homes import DaemonHome
from tests.daemon.test_use_rules import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyguard.ports.all import Ports

BATCH, ROUNDS = 16, 6
WANTED = Wanted(
    "bybit/mm/bot0", "", "socket", 60, Actor("hana", "host-1"), Process(1, "1", "bot", "/usr/bin/bot")
)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    rows: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        home = DaemonHome(Path(folder))
        with _opened(home, ruled=False) as ports:
            _hand_out(ports, args.records, 512)
        with _opened(home, ruled=True) as ports:
            assert ports.uses is not None
            begun = time.perf_counter()
            use_log.catch_up(ports, ports.uses)
            rows.append((f"histories of {args.records} records, s", f"{time.perf_counter() - begun:.1f}"))
            begun = time.perf_counter()
            use_rehearsal.rehearse(ports, ports.uses)
            rows.append(("rehearsal of them, s", f"{time.perf_counter() - begun:.1f}"))
        used = {True: 0.0, False: 0.0}
        for _ in range(ROUNDS):
            for ruled in used:
                with _opened(home, ruled=ruled) as ports:
                    _hand_out(ports, BATCH, BATCH)
                    begun = time.process_time()
                    _hand_out(ports, 50 * BATCH, BATCH)
                    used[ruled] += time.process_time() - begun
        count = ROUNDS * 50 * BATCH
        rows += [
            (
                f"CPU for one in batches of {BATCH}, {'8' if ruled else 'no'} rules, us",
                f"{s / count * 1e6:.0f}",
            )
            for ruled, s in used.items()
        ]
    width = max(len(name) for name, _ in rows)
    sys.stdout.write("".join(f"{name:<{width}}  {value}\n" for name, value in rows))


@contextmanager
def _opened(home: DaemonHome, *, ruled: bool) -> Iterator[Ports]:
    home.home.write(replace(home.home.read(), use_rules=ALL if ruled else ()))
    with home.opened() as ports:
        yield ports


def _hand_out(ports: Ports, count: int, at_once: int) -> None:
    salts = identity.names(ports, "bybit")
    for _ in range(max(1, count // at_once)):
        record(ports, lambda _: salts, lambda _: Permit("hana"), [WANTED] * at_once)


if __name__ == "__main__":
    main()
