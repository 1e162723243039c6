"""`make soak-rotation`: bots that trade without a pause while their keys are rotated; no request may fail.

A real daemon, real `keyguard key rotate` commands, bots in processes of their own that get their keys from
`keyguard.client`'s `watch`, and a simulated venue at which a new key is unknown for two seconds. A deleted
key dies at once: that is harder than if it lived on, for whoever still uses it is refused.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import running
from keyguard_simulators.venue import KeyForm
from tests.cli.desk import HERE, Desk

BOTS = 4
PER_SECOND = 50
DELAY_MS = 2000
_PERMISSIONS = {"ContractTrade": ["Order", "Position"]}
_MANAGES = {"Wallet": ["AccountTransfer", "SubMemberTransfer"]}


def main() -> int:
    """Soak and print a table; 1 where a request failed or a rotation did."""
    parser = argparse.ArgumentParser(prog="make soak-rotation")
    parser.add_argument("--rotations", type=int, default=100, help="of all keys together")
    parser.add_argument("--dead-delay-ms", type=int, default=0, help="for so long a deleted key lives on")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(["bybit"]) as venues:
        desk = Desk(Path(folder), venues)
        names = _furnish(desk, args.dead_delay_ms)
        began = time.monotonic()
        with _daemon(desk), ExitStack() as bots:
            told = [bots.enter_context(_bot(desk, name)) for name in names]
            failed = _rotate(desk, names, args.rotations)
            results = [json.loads(bot.communicate()[0].splitlines()[-1]) for bot in told]
        return _tell(results, args.rotations, failed, time.monotonic() - began)


def _furnish(desk: Desk, dead_delay_ms: int) -> list[str]:
    """The names of the bots' keys, each of an account of its own; propagation begins when all are known."""
    venue = desk.venues.venues["bybit"]
    desk.init()
    master = venue.open_account("desk", "")
    desk.add("bybit/mm/manager", venue.issue(KeyForm(master.id, _MANAGES, (HERE,), "manager")))
    names = []
    for number in range(BOTS):
        account = venue.open_account(f"bot{number}", master.id)
        key: Key = venue.issue(KeyForm(account.id, _PERMISSIONS, (), f"bot{number}"))
        names.append(f"bybit/mm/bot{number}")
        desk.add(names[-1], key)
    venue.state.switches.new_key_delay_ms = DELAY_MS
    venue.state.switches.dead_key_delay_ms = dead_delay_ms
    return names


@contextmanager
def _daemon(desk: Desk) -> Iterator[None]:
    desk.keyguard("daemon", "start")
    try:
        yield
    finally:
        desk.keyguard("daemon", "stop")


@contextmanager
def _bot(desk: Desk, name: str) -> Iterator[subprocess.Popen[str]]:
    """A bot that has its key and trades; it ends when its standard input does."""
    words = [sys.executable, "-P", "-m", "tests.bench.soak_bot", name, desk.venues.urls["bybit"]]
    process = subprocess.Popen(
        [*words, str(PER_SECOND)],
        env=desk.environment(),
        cwd=desk.work,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "trading\n"
        yield process
    finally:
        process.kill()
        process.wait()


def _rotate(desk: Desk, names: list[str], rotations: int) -> list[str]:
    """Rotate all keys side by side, each as often as its share; what failed, in words."""
    failed: list[str] = []

    def turn(name: str, times: int) -> None:
        for _ in range(times):
            try:
                desk.keyguard("key", "rotate", name, "--manager", "bybit/mm/manager", "--overlap", "5m")
            except Exception as error:
                failed.append(str(error))

    shares = [rotations // BOTS + (n < rotations % BOTS) for n in range(BOTS)]
    threads = [threading.Thread(target=turn, args=pair) for pair in zip(names, shares, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def _tell(results: list[dict[str, object]], rotations: int, failed: list[str], seconds: float) -> int:
    sent = sum(int(str(one["sent"])) for one in results)
    bad = [line for one in results for line in one["failed"]]  # type: ignore[attr-defined]  # a list of texts
    switched = sum(int(str(one["keys"])) - 1 for one in results)
    sys.stdout.write(
        f"{BOTS} bots, {PER_SECOND} requests a second each, a new key unknown for {DELAY_MS / 1000:g} s\n"
        f"rotations asked for {rotations}, failed {len(failed)}, taken up by bots {switched}\n"
        f"requests {sent:,} in {seconds:.0f} s ({sent / seconds:.0f} a second), failed {len(bad)}\n"
    )
    for line in (*failed, *bad)[:20]:
        sys.stdout.write(f"  {line}\n")
    return int(bool(bad or failed) or switched != rotations)


if __name__ == "__main__":
    sys.exit(main())
