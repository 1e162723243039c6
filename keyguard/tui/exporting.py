"""What the Attest screen does: sign and export, sign second, check a past export, copy one out of the home.

All of it goes through what `keyguard attest`, `attest sign` and `verify` go through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyguard.core.canonical import LONGEST_FREE
from keyguard.core.errors import StoreError
from keyguard.stores.attestations import demand_folder, demand_key, demand_outside, offer
from keyguard.workflows import attest, attest_check, attest_past
from keyguard.workflows.attest_config import AttestConfig, attest_config, text
from keyguard.workflows.attest_period import period_of, spoken
from keyguard.workflows.attest_predicate import Asked, Recipient
from keyguard.workflows.attest_recipient import for_venue

if TYPE_CHECKING:
    from keyguard.core.secret import Secret
    from keyguard.home import Config
    from keyguard.kga.log_copy import LogCopy
    from keyguard.kga.verdict import Check
    from keyguard.ports.all import Ports
    from keyguard.tui.work import Doing
    from keyguard.workflows.agents import Copies
    from keyguard.workflows.attest import Finish, Key, Made, Reading
    from keyguard.workflows.attest_past import Kept

TRIES = 3
"""So often a passphrase of a key may be wrong."""
NO_COPIES = "none"
"""In the place of the language that stands first in reading copies."""

Say = Callable[..., str]
"""The words of the screen: what a job tells is read by the person who began it."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """What belongs to one home. `finishing`: `Finish` for these ports and reading copies in this order
    (`ko`, `en`, "" by recipient, or NO_COPIES); `opened_key`: an attester's key from its file; `checks`: the
    verifier, in a process of its own; `signer`: the key file that is proposed, "" for none; `agents`:
    copies of the logs of enrolled agents."""

    home: Path
    config: Callable[[], Config]
    kept: Kept
    waiting: Kept
    finishing: Callable[[Ports, str], Finish]
    opened_key: Callable[[Path, Secret], Key]
    checks: Callable[[bytes, bytes, str | None, bytes | None], Sequence[Check]]
    signer: str = ""
    agents: Copies | None = None

    def who(self, chosen: Mapping[str, str]) -> AttestConfig:
        """Who answers for the firm, what was `chosen` first; UsageError `attest.config`."""
        config = self.config()
        return attest_config(config.firm, config.attest, chosen)

    def proposed(self, name: str) -> str:
        """What the home's configuration says of officer, title or preparer."""
        return str(self.config().attest.get(name, ""))


@dataclass(frozen=True, slots=True)
class Wanted:
    """An export as the form asks for it. `since`, `until`: days, as the command takes them; `copies`: as
    `Exporter.finishing` takes it."""

    venue: str
    since: str
    until: str
    signer: Path
    folder: Path
    chosen: Mapping[str, str]
    copies: str = ""
    nonce: str = ""
    reservation: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """One that waits for a second signature: its period as records have it."""

    id: str
    serial: int
    since: str
    until: str


def demand(exporter: Exporter, wanted: Wanted, now: datetime) -> None:
    """UsageError for what can be known to be wrong before a passphrase is asked for."""
    demand_key(wanted.signer)
    demand_outside(exporter.home, wanted.folder)
    period_of(wanted.since, wanted.until, exporter.who(wanted.chosen).tz, now)
    if wanted.reservation:
        text(wanted.reservation, "reservation", LONGEST_FREE)


def export(exporter: Exporter, wanted: Wanted, say: Say) -> Callable[[Doing], Made]:
    """Sign and export, as `keyguard attest` does."""

    def do(doing: Doing) -> Made:
        ports = doing.ports
        demand(exporter, wanted, ports.clock.now())
        demand_folder(wanted.folder)
        who = exporter.who(wanted.chosen)
        period = period_of(wanted.since, wanted.until, who.tz, ports.clock.now())
        reservations = (wanted.reservation,) if wanted.reservation else ()
        asked = Asked(period, spoken(period), "venue", wanted.nonce or None, reservations)
        recipient = for_venue(ports, wanted.venue)
        key = _key(exporter, wanted.signer, doing, say)
        run = attest.Run(asked, who, (recipient,), (key,), wanted.again)
        doing.person.tell(say("attest.step_seal"))
        finish = _Telling(exporter.finishing(ports, wanted.copies), doing, say)
        (made,) = attest.attest(
            ports,
            run,
            exporter.kept,
            exporter.waiting,
            finish,
            actor=doing.actor,
            copies=exporter.agents,
        )
        _tell(made, wanted.folder, doing, say)
        return made

    return do


def second(exporter: Exporter, id_: str, signer: Path, folder: Path, say: Say) -> Callable[[Doing], Made]:
    """Put the second signature on one that waits and export it, as `keyguard attest sign` does."""

    def do(doing: Doing) -> Made:
        demand_key(signer)
        demand_outside(exporter.home, folder)
        demand_folder(folder)
        key = _key(exporter, signer, doing, say)
        finish = _Telling(exporter.finishing(doing.ports, ""), doing, say)
        made = attest.sign(doing.ports, id_, key, exporter.kept, exporter.waiting, finish)
        _tell(made, folder, doing, say)
        return made

    return do


def check(exporter: Exporter, id_: str, keys: Mapping[str, Any]) -> Sequence[Check]:
    """What the verifier says of a kept copy, with the keys that `trust_file.pinned` found."""
    asked = attest_check.question(exporter.kept, id_, keys)
    return exporter.checks(asked.data, asked.trust, asked.venue, asked.previous)


def copy(exporter: Exporter, id_: str, folder: Path) -> Path:
    """Put a kept copy into a folder, byte for byte; UsageError `attest.*`."""
    demand_outside(exporter.home, folder)
    data = attest_check.copy_of(exporter.kept, id_)
    demand_folder(folder)
    return offer(id_, data, folder)


def waiting(exporter: Exporter, venue: str) -> tuple[Waiting, ...]:
    """Those of a venue that wait for a second signature."""
    found = []
    for id_ in exporter.waiting.ids():
        if id_.split("-", 2)[2].rpartition("-")[0] == venue and (data := exporter.waiting.get(id_)):
            _, said = attest_past.read(data, id_)
            found.append(Waiting(id_, said["serial"], said["period"]["from"], said["period"]["to"]))
    return tuple(found)


def _key(exporter: Exporter, path: Path, doing: Doing, say: Say) -> Key:
    """Ask for the passphrase of a key until it opens it, or was wrong too often."""
    prompt = say("attest.ask_key", file=path.name)
    for _ in range(TRIES - 1):
        try:
            return exporter.opened_key(path, doing.person.secret(prompt))
        except StoreError as error:
            if error.code != "store.wrong_passphrase":
                raise
            prompt = say("attest.ask_again", file=path.name)
    return exporter.opened_key(path, doing.person.secret(prompt))


def _tell(made: Made, folder: Path, doing: Doing, say: Say) -> None:
    """Hand over what is complete, and say what became of it."""
    if not made.complete:
        doing.person.tell(say("attest.waits_now", id=made.id))
        return
    path = offer(made.id, made.data, folder)
    reserved = len(made.predicate["reservations"])
    doing.person.tell(say("attest.issued", id=made.id, n=reserved))
    doing.person.tell(say("attest.file", path=path))


class _Telling:
    """Says what it is about to do, and has it done."""

    def __init__(self, finish: Finish, doing: Doing, say: Say) -> None:
        self._finish, self._doing, self._say = finish, doing, say

    def read(
        self,
        tables: Mapping[str, Any],
        predicate: Mapping[str, Any],
        sha256: str,
        roots: Mapping[str, str],
    ) -> Reading:
        self._doing.person.tell(self._say("attest.step_copies"))
        return self._finish.read(tables, predicate, sha256, roots)

    def gate(self, entries: Mapping[str, bytes], recipient: Recipient, agents: Sequence[LogCopy]) -> None:
        self._doing.person.tell(self._say("attest.step_gate", n=len(entries)))
        self._finish.gate(entries, recipient, agents)

    def verify(self, data: bytes, trust: bytes, recipient: Recipient, previous: bytes | None) -> None:
        self._doing.person.tell(self._say("attest.step_verify"))
        self._finish.verify(data, trust, recipient, previous)
