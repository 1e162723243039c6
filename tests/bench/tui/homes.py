"""Real homes for the measurements: many keys, a long log, and a desk's traffic written to them."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Key, KeyVersion, Origin, Scope, VersionStatus
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.home import Config, Home
from keyguard.ports.audit import Draft
from keyguard.ports.inventory import Lease, Observation
from keyguard.tui import run

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from keyguard.ports.all import Ports

VENUES = ("binance", "bybit", "okx", "kraken", "deribit", "gate", "kucoin", "htx", "bitget", "mexc")
READ = Scope.READ
SCOPES = (READ, READ | Scope.TRADE_SPOT, READ | Scope.TRADE_DERIVATIVES, READ | Scope.WITHDRAW)
NOBODY = run._Nobody()
AT_ONCE = 5_000
HELD = 20
"""Hand-outs that run at a time: each new one ends the oldest."""


def crowded(path: Path, keys: int, records: int) -> Home:
    """A real home with so many keys of ten venues and forty desks, each seen at its venue, and a log."""
    home = Home(path)
    config = Config("bench", "file", firm={"name_latin": "Bench"})
    wiring.create(home, config, lambda: Secret("FAKE for a bench"))
    now = SystemClock().now()
    with opened(home) as ports:
        with ports.inventory.transaction():
            for number in range(keys):
                _add(ports, number, now)
        while (left := records - ports.audit.length()) > 0:
            ports.audit.append_all([_record(number) for number in range(min(left, AT_ONCE))])
    return home


def opened(home: Home) -> AbstractContextManager[Ports]:
    """Its ports, for writing."""
    return wiring.opened(home, lambda: Secret("FAKE for a bench"), NOBODY)


def hand_out(ports: Ports, first: int, count: int) -> None:
    """So many events, numbered from `first`: hand-outs as a daemon writes them, each ending an older one."""
    versions = sorted(ports.inventory.version_ids())
    now = ports.clock.now()
    numbers = range(first, first + count)
    with ports.inventory.transaction():
        ports.audit.append_all([_record(number) for number in numbers])
        ports.inventory.add_leases(
            [
                Lease(f"l{n}", versions[n % len(versions)], 4000 + n % 900, "9", f"bot{n % 40}", now)
                for n in numbers
            ]
        )
        ports.inventory.end_leases([f"l{n - HELD}" for n in numbers if n >= HELD], now)


def writing(home: Home, per_s: float, seconds: float) -> subprocess.Popen[bytes]:
    """A process that writes so many events a second, each on its own."""
    words = (sys.executable, "-m", __name__, str(home.path), str(per_s), str(seconds))
    return subprocess.Popen(words)


def _write(path: str, per_s: str, seconds: str) -> None:
    with opened(Home(Path(path))) as ports:
        begin, first = time.monotonic(), ports.audit.length()
        number = first
        while time.monotonic() - begin < float(seconds):
            hand_out(ports, number, 1)
            number += 1
            time.sleep(max(begin + (number - first) / float(per_s) - time.monotonic(), 0))


def _add(ports: Ports, number: int, now) -> None:
    scopes = SCOPES[number % len(SCOPES)]
    name = (f"desk{number % 40:02}", f"bot{number:05}")
    key = Key(
        f"k{number}",
        VENUES[number % len(VENUES)],
        *name,
        owner=f"owner{number % 25}",
        needs=scopes & ~Scope.WITHDRAW,
    )
    born = now - timedelta(days=number % 60)
    version = KeyVersion(f"v{number}", key.id, 1, f"AKID{number}", "ab" * 16, VersionStatus.LIVE, born)
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


def _record(number: int) -> Draft:
    body = {
        "key": f"{number % 97:02x}" * 32,
        "person": f"p_{number % 25:020x}",
        "host": "h_" + "1" * 20,
        "process": f"bot{number % 40}",
        "mode": "env",
        "lease_s": 60,
    }
    return Draft(VENUES[number % len(VENUES)], "handout", body)


if __name__ == "__main__":
    _write(*sys.argv[1:])
