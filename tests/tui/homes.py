"""Real homes for the real thing: keys that were seen at their venues, no secret, nothing that is asked."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from keyguard import wiring
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Key, KeyVersion, Origin, Scope, VersionStatus
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.home import Config, Home
from keyguard.ports.inventory import Observation
from keyguard.tui import run

ROOT = Path(__file__).parents[2]
PASSPHRASE = Secret("FAKE passphrase for a home")
NAMES = ("bybit/mm/bot", "kraken/vol/spot", "upbit/krw/maker")


def home(path: Path) -> Home:
    """With three keys."""
    made = Home(path)
    wiring.create(made, Config("real", "file", firm={"name_latin": "Real Desk"}), lambda: PASSPHRASE)
    now = SystemClock().now()
    with wiring.opened(made, lambda: PASSPHRASE, run._Nobody()) as ports:
        for number, name in enumerate(NAMES):
            venue, desk, label = name.split("/")
            key = Key(f"k{number}", venue, desk, label, owner="hana", needs=Scope.READ)
            born = now - timedelta(days=9)
            version = KeyVersion(
                f"v{number}", key.id, 1, f"AKID{number}", "ab" * 16, VersionStatus.LIVE, born
            )
            ports.inventory.add_key(key, version)
            report = KeyReport(version.public_id, scopes=Scope.READ, scopes_origin=Origin.REPORTED)
            ports.inventory.observe(Observation(version.id, now, report))
    return made


def environment(**more: str) -> dict[str, str]:
    """What a person's shell would have, and where this checkout is."""
    import os

    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    path = os.pathsep.join((str(ROOT), str(ROOT / "adapters")))
    return kept | {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "PYTHONPATH": path} | more


KEYGUARD = (sys.executable, "-m", "keyguard")


def keyguard(home: Home, *words: str) -> list[str]:
    """The command as it is started."""
    return [*KEYGUARD, "--home", str(home.path), *words]
