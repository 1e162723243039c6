"""One rotation against the simulated Bybit: the whole workflow, with real stores, in this process."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.core.exchange import Credential
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.home import Config, Home
from keyguard.processes import process_alive
from keyguard.workflows.begin import Firm, begin
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.identity import Actor
from keyguard.workflows.rotate import Options, rotate
from keyguard_simulators.serve import running
from keyguard_simulators.venue import KeyForm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyguard.core.exchange import Ask, Guide
    from keyguard.ports.all import Ports
    from keyguard_simulators.accounts import Key
    from keyguard_simulators.serve import Running

ROTATIONS = 5
A_SECOND = 1.1
"""Bybit creates one key a second; a rotation that has to wait for that would time the waiting."""
WHO = Actor("bench", "bench")


class Nobody:
    """A person who is never asked."""

    def tick(self, venue: str, guide: Guide) -> int:
        raise AssertionError(guide.title)

    def new_credential(self, venue: str, guide: Guide) -> Credential:
        raise AssertionError(guide.title)

    def confirm(self, venue: str, guide: Guide) -> None:
        raise AssertionError(guide.title)

    def answer(self, question: Ask) -> str:
        raise AssertionError(question.prompt)

    def tell(self, step: str, detail: str = "") -> None:
        pass


def rotation_seconds() -> tuple[float, float]:
    """Median seconds of one rotation, and of one call to the simulator."""
    with running(["bybit"]) as served, _firm(served) as ports:
        gateway = ports.gateway
        clock = gateway.adapter("bybit").clock
        assert clock is not None
        calls, rotations = [], []
        for _ in range(ROTATIONS):
            begun = time.perf_counter()
            request = next(clock())
            gateway.send("bybit", request, None)  # type: ignore[arg-type]  # the clock asks nobody
            calls.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            rotate(ports, "bybit/mm/bot", Options(overlap_s=0), actor=WHO, process_alive=process_alive)
            rotations.append(time.perf_counter() - begun)
            time.sleep(A_SECOND)
    return statistics.median(rotations), statistics.median(calls)


@contextlib.contextmanager
def _firm(served: Running) -> Iterator[Ports]:
    venue = served.venues["bybit"]
    master = venue.open_account("desk", "").id
    trader = venue.open_account("bot", master).id
    manager = venue.issue(KeyForm(master, {"Wallet": ["AccountTransfer", "SubMemberTransfer"]}))
    bot = venue.issue(KeyForm(trader, {"Spot": ["SpotTrade"]}))
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder, "home"))
        config = Config("bench", "file", simulators=dict(served.urls))
        wiring.create(home, config, lambda: Secret("bench"))
        with wiring.opened(home, lambda: Secret("bench"), Nobody()) as ports:
            begin(ports, Firm(), tool_version="bench")
            _enrol(ports, "ops", "manager", manager)
            _enrol(ports, "mm", "bot", bot)
            assert isinstance(ports.clock, SystemClock)
            yield ports


def _enrol(ports: Ports, desk: str, label: str, key: Key) -> None:
    enrol(ports, Declared("bybit", desk, label, "bench"), Credential(key.public_id, Secret(key.secret)))
