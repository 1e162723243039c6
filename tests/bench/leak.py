"""`make bench-leak`: from a leaked key in a saved file to its proven death, by a real daemon.

The file is written by this process; the daemon is told by the file system, matches the key, and does what the
home's policy says (`on_leak`) at a simulated venue without propagation delay. The end is the workflow's last
entry in the journal: the venue refuses the old key, and its list is without it.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.core.exchange import Credential
from keyguard.core.keys import Environment
from keyguard.core.secret import Secret
from keyguard.workflows.enrol import Declared, enrol
from keyguard_simulators.venue import KeyForm
from tests.cli.desk import TIME_LIMIT_S, Desk, bybit_keys, desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyguard_simulators.accounts import Key

ROUNDS = 10
BAR_S = 10.0
_LOOK_S = 0.01


def main() -> None:
    """Measure both answers to a leak and print a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    sys.stdout.write(
        f"{'on_leak':10}{'median s':>10}{'worst s':>10}   ({rounds} leaks each, bar {BAR_S:.0f} s)\n"
    )
    for answer in ("rotate", "revoke"):
        took = []
        with tempfile.TemporaryDirectory() as folder, opened(Path(folder), answer, rounds) as (here, watched):
            for number in range(rounds):
                name = f"bybit/mm/bot{number}"
                key, secret = here.stored(name)
                began = time.perf_counter()
                leak(watched / f"bot{number}.env", key, secret)
                until_dead(here, name)
                took.append(time.perf_counter() - began)
        took.sort()
        sys.stdout.write(f"{answer:10}{took[len(took) // 2]:10.2f}{took[-1]:10.2f}\n")
        if took[-1] >= BAR_S:
            sys.exit(f"{answer}: {took[-1]:.1f} s are above the bar")


@contextlib.contextmanager
def opened(folder: Path, on_leak: str, bots: int) -> Iterator[tuple[Desk, Path]]:
    """A desk with bots' keys at a simulated Bybit, its policy and daemon, and the watched folder."""
    watched = folder / "src"
    watched.mkdir()
    with desk(folder / "desk", real=True) as here:
        here.init()
        venue = here.venues.venues["bybit"]
        first, manager = bybit_keys(venue)
        keys = [first]
        for number in range(1, bots):
            trader = venue.open_account(f"bot{number}", manager.account)
            keys.append(venue.issue(KeyForm(trader.id, {"ContractTrade": ["Order", "Position"]}, (), "bot")))
        with here.opened() as ports:
            for desk_, label, key in [("ops", "manager", manager), *_named(keys)]:
                declared = Declared("bybit", desk_, label, "kim", environment=Environment.SIMULATED)
                enrol(ports, declared, Credential(key.public_id, Secret(key.secret)))
        with (here.home / "config.toml").open("a") as file:
            file.write(f'\n[rotation]\non_leak = "{on_leak}"\n\n[daemon]\nwatch = ["{watched}"]\n')
        here.keyguard("daemon", "start")
        try:
            log = here.home / "daemon.log"
            until(lambda: f"watching {watched}" in log.read_text(), "the folder is not watched")
            yield here, watched
        finally:
            here.keyguard("daemon", "stop")


def _named(keys: list[Key]) -> list[tuple[str, str, Key]]:
    return [("mm", f"bot{number}", key) for number, key in enumerate(keys)]


def leak(file: Path, key: str, secret: str) -> None:
    """Save it as a careless developer does."""
    file.write_text(f"BYBIT_API_KEY={key}\nBYBIT_API_SECRET={secret}\n")


def until_dead(here: Desk, name: str) -> None:
    """Return when a workflow of this key has come to its end, with proof."""
    with here.opened() as ports:
        key = ports.inventory.find_key(name)

        def dead() -> bool:
            mine = [w for w in ports.journal.workflows() if w.key_id == key.id]
            return bool(mine) and mine[-1].finished and mine[-1].state == "buried"

        until(dead, f"{name} did not die")


def until(holds: object, else_: str) -> None:
    """Wait until it holds; AssertionError after a minute."""
    end = time.monotonic() + TIME_LIMIT_S
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, else_
        time.sleep(_LOOK_S)


if __name__ == "__main__":
    main()
