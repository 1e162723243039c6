"""A firm that attests, at the Attest screen: officers' keys in files, everything else in memory."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from keyguard.attestations import opened_key
from keyguard.core.keys import Key, KeyVersion, VersionStatus
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.home import Config
from keyguard.kga.verify.opening import Wanted
from keyguard.kga.verify.steps import verify
from keyguard.kga.verify.trust import parse
from keyguard.stores import signer_file
from keyguard.tui.exporting import Exporter
from keyguard.tui.source import Source
from keyguard.tui.work import Work
from keyguard.workflows import attesters
from keyguard.workflows.attest import attest
from tests.fakes.attesting import ACTOR, Firm
from tests.stores.vaults import CHEAP
from tests.tui.desk import HOME, RUNNING, Venues
from tests.tui.harness import seated
from tests.tui.working import Bench

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

PASSPHRASE = "FAKE passphrase: 12 of Kim!"
ATTEST = {"officer": "Kim FAKE / 김가짜", "title": "CCO / 준법감시인"}


class Office:
    """A day after the log began, with a key file of an officer and one of a second person; `two`: policy asks
    for both. `exporter.finishing` is the firm's own `finish`."""

    def __init__(self, folder: Path, *, two: bool = False, said: Mapping[str, str] = ATTEST) -> None:
        self.firm, self.out = Firm(), folder / "attestations"
        self.kept = self.firm.kept
        policy = {"second_signature": "required", "preparer": "Lee FAKE"} if two else {}
        self.files = {name: self._attester(folder, name) for name in ("officer", "second")}
        self.ports = replace(self.firm.ports, gateway=Venues())
        self.changes = itertools.count()
        self.ports.inventory.stamp = self.changes.__next__
        for venue in ("bithumb", "upbit"):
            self._key(venue)
        self.firm.wait()
        self.exporter = Exporter(
            folder / "home",
            lambda: Config("office", "file", attest={**said, **policy}),
            self.kept,
            self.firm.waiting,
            lambda *_: self.firm.finish,
            opened_key,
            self._checks,
            str(self.files["officer"]),
        )

    def issue(self) -> tuple[str, bytes]:
        """One of yesterday, by the command as it were; its id and file."""
        key = opened_key(self.files["officer"], Secret(PASSPHRASE))
        run = replace(self.firm.run(0, 1), keys=(key,))
        (made,) = attest(self.ports, run, self.kept, self.firm.waiting, self.firm.finish, actor=ACTOR)
        return made.id, made.data

    def _attester(self, folder: Path, name: str) -> Path:
        path, token = folder / f"{name}.attester", SystemClock().token
        holds = signer_file.ATTESTATIONS
        made = signer_file.make(path, Secret(PASSPHRASE), token, cost=CHEAP, holds=holds)
        coded = base64.b64encode(bytes.fromhex(made.public)).decode()
        attesters.add(self.firm.ports, "attester", coded, name, actor=ACTOR)
        return path

    def _key(self, venue: str) -> None:
        key = Key(f"k_{venue}", venue, "krw", "maker", owner="jimin")
        born = self.firm.begin
        self.ports.inventory.add_key(
            key, KeyVersion(f"v_{venue}", key.id, 1, f"AKID{venue}", "ab" * 16, VersionStatus.LIVE, born)
        )

    def _checks(self, data, trust, venue, previous):
        wanted = Wanted(self.ports.clock.now() + timedelta(seconds=1), recipient=venue)
        return tuple(verify(data, parse(trust), wanted, previous=previous).checks)

    def run(
        self, test: Callable[[Bench], Awaitable[None]], *, read_only: bool = False, debug: bool = False
    ) -> None:
        """At the screen, on Upbit, this quarter; nobody has pressed a key. `read_only` as compliance sits;
        `debug`: Python's development mode."""

        def opening(person):
            return contextlib.nullcontext(replace(self.ports, person=person))

        async def whole() -> None:
            reads = Source(lambda: contextlib.nullcontext(self.ports), lambda: HOME, lambda: RUNNING)
            work = None if read_only else Work(opening, ACTOR, lambda *_: False)
            options = {"work": work, "exporter": self.exporter, "read_only": read_only, "size": (80, 24)}
            async with seated(None, of=reads, **options) as seat:
                bench = Bench(seat.app, seat.pilot, seat.desk)
                await bench.press("8")
                await bench.pilot.pause()
                await computed(bench)
                await bench.press("down")  # bithumb, upbit
                await computed(bench)
                await test(bench)

        asyncio.run(whole(), debug=debug)


async def computed(bench: Bench) -> None:
    """Wait until the tables of the chosen venue are there."""
    await bench.until(lambda: bench.app.screen._preview is not None)


async def export(bench: Bench, passphrase: str = PASSPHRASE, **said: str):
    """By keyboard alone: `e`, the form, the passphrase; how it ended."""
    await bench.press("e")
    await filled(bench, **said)
    return await signed(bench, passphrase)


async def filled(bench: Bench, **said: str) -> None:
    """Say what is to be said otherwise than proposed, and do it; `said` in the order of the fields."""
    for name, text in said.items():
        while bench.app.focused.id != f"field_{name}":
            await bench.press("enter")
        await bench.press("ctrl+u")
        await bench.paste(text)
    await bench.press("ctrl+s")
    await bench.pilot.pause()


async def signed(bench: Bench, passphrase: str = PASSPHRASE):
    """Paste the passphrase that is asked for, and wait for the end."""
    view = await bench.settled()
    assert view.question is not None, view.trouble
    await bench.paste(passphrase)
    await bench.press("enter")
    view = await bench.settled()
    if view.over:
        await bench.until(lambda: bench.app.screen._told_of is bench.work.jobs[-1])
        await computed(bench)
    return view
