"""A firm at one simulated venue: real workflows, real gateway, stores in memory, and no socket between.

The transport's place is taken by the venue's own web front, called as the server would call it; clocks are
fakes, so that back-off and propagation cost nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keyguard.core.errors import ExchangeError, UsageError
from keyguard.core.exchange import Ask, Credential, Guide, KeyReport, Reply, Wire
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard.gateway import wires
from keyguard.gateway.origins import Origin
from keyguard.gateway.outcomes import Answer, Attempt, Loss
from keyguard.gateway.venue_clock import unix_ms
from keyguard.gateway.venues import HttpGateway
from keyguard.ports.all import Ports
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.operations import ask
from keyguard_simulators import totp
from keyguard_simulators.accounts import Account, Key
from keyguard_simulators.clock import Clock
from keyguard_simulators.front import Front
from keyguard_simulators.serve import make
from keyguard_simulators.venue import KeyForm, Venue
from tests.adapters.scripts import adapter, told
from tests.fakes.audit import FakeAudit
from tests.fakes.clock import FakeClock
from tests.fakes.findings import FakeFindings
from tests.fakes.incidents import FakeIncidents
from tests.fakes.inventory import FakeInventory
from tests.fakes.journal import FakeJournal
from tests.fakes.memory_store import MemoryStore
from tests.fakes.people import FakePeople
from tests.fakes.seals import FakeSeals
from tests.unit.gateway.venue import Counters

IP = "203.0.113.7"


@dataclass
class VenueClock(Clock):
    """The venue's clock is the test's."""

    ours: FakeClock | None = None

    def now_ms(self) -> int:
        assert self.ours is not None
        return unix_ms(self.ours.now()) + self.offset_ms


Deliver = Callable[[Callable[[], Attempt]], Attempt]
"""What lies between us and the venue: is given what delivers a request, and says what came back."""


class InProcess:
    """What `HttpTransport` does, without a network. A connection that is closed unanswered is silence."""

    between: Deliver | None = None

    def __init__(self, venue: Venue, clock: FakeClock, runner: asyncio.Runner) -> None:
        self._front = Front(venue, lambda _: None)
        self._clock = clock
        self._runner = runner

    def post(self, origin: Origin, wire: Wire) -> Attempt:
        if self.between is not None:
            return self.between(lambda: self._deliver(origin, wire))
        return self._deliver(origin, wire)

    def _deliver(self, origin: Origin, wire: Wire) -> Attempt:
        wires.check(wire)
        path, _, query = wire.target.partition("?")
        scope = {
            "type": "http",
            "method": wire.method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                (b"host", origin.netloc.encode()),
                *((name.lower().encode(), value.encode()) for name, value in wire.headers.items()),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", origin.port),
            "scheme": "http",
            "root_path": "",
        }
        arriving = [{"type": "http.request", "body": wire.body}]
        told: list[Any] = []

        async def receive() -> dict[str, Any]:
            return arriving.pop() if arriving else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            told.append(message)

        self._clock.sleep(0.002)  # there and back: some venues take a millisecond for a nonce
        self._runner.run(self._front(scope, receive, send))
        if not told:
            return Loss.SILENT
        if 300 <= told[0]["status"] < 400:
            return Loss.REDIRECTED
        headers = {name.decode(): value.decode() for name, value in told[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in told[1:])
        return Answer(Reply(told[0]["status"], headers, body), self._clock.now(), self._clock.now())

    def close(self) -> None:
        pass


class Person:
    """Does on the venue's page what a guide says, and reads the codes of the account's app."""

    def __init__(self, world: VenueWorld) -> None:
        self._world = world
        self._made: Key | None = None
        self.guides: list[Guide] = []
        self.told: list[str] = []

    def tick(self, venue: str, guide: Guide) -> int:
        return len(guide.steps)

    def new_credential(self, venue: str, guide: Guide) -> Credential:
        """Makes a key, or pastes again the one it made while that lives."""
        self.guides.append(guide)
        if self._made not in self._world.living():
            self._made = self._world.issue(self._world.home, told(venue).TRADER)
        assert self._made is not None
        return self._world.credential(self._made)

    def confirm(self, venue: str, guide: Guide) -> None:
        self.guides.append(guide)
        if guide.title.startswith("Edit"):
            return
        words = set(re.split(r"[\s,;:]+", " ".join(guide.steps)))
        for key in self._world.living():
            if {key.public_id, key.public_id + "."} & words:
                self._world.venue.state.delete(key, self._world.venue.state.clock.now_ms())

    def answer(self, question: Ask) -> str:
        assert question.kind == "totp", f"a person was asked: {question.prompt}"
        self._world.clock.sleep(30)  # for a code that was not used yet
        return totp.code(self._world.firm.totp_secret, self._world.venue.state.clock.now_ms())

    def tell(self, step: str, detail: str = "") -> None:
        self.told.append(f"{step}: {detail}")


class VenueWorld:
    """A trading key, and where the venue knows such a thing a key that manages it."""

    def __init__(self, name: str, runner: asyncio.Runner) -> None:
        self.name, self.adapter, self.clock = name, adapter(name), FakeClock()
        self.venue = make(name)
        self.venue.state.clock = VenueClock(ours=self.clock)
        self.venue.state.switches.egress = IP
        self.ips = () if self.adapter.facts.max_ips == 0 else (IP,)
        self.gateway = HttpGateway(self.clock, Counters(), {name: "http://127.0.0.1:9"})
        self.inside = InProcess(self.venue, self.clock, runner)
        self.gateway._transport = lambda: self.inside  # type: ignore[assignment,return-value,method-assign]
        self.store, self.inventory, self.journal = MemoryStore(), FakeInventory(), FakeJournal()
        self.audit, self.people, self.findings = FakeAudit(self.clock), FakePeople(), FakeFindings()
        self.incidents = FakeIncidents()
        self.seals = FakeSeals(self.audit)
        self.inventory.joined = [self.people, self.audit, self.findings, self.incidents, self.seals]
        self.person = Person(self)
        self.firm = self.venue.open_account("firm1", "")
        self.firm.second_factor = True
        self.manager = ""
        self.others: set[str] = set()
        self.home, self.old, account = self._furnished()
        self.clock.sleep(60)
        report = self.asked(self.credential(self.old))
        self.untold = report.ips is None
        declared = Declared(name, "mm", "bot", "kim", account=account, needs=self._needs(report))
        self.key = enrol(self.ports, declared, self.credential(self.old)).key

    @property
    def ports(self) -> Ports:
        return Ports(
            self.store,
            self.inventory,
            self.journal,
            self.audit,
            self.gateway,
            self.clock,
            self.person,
            self.people,
            self.findings,
            self.incidents,
            self.seals,
        )

    def issue(self, account: Account, permissions: Any) -> Key:
        return self.venue.issue(KeyForm(account.id, permissions, ips=self.ips, label="bot"))

    def credential(self, key: Key) -> Credential:
        passphrase = Secret(key.passphrase) if key.passphrase else None
        return Credential(key.public_id, Secret(key.secret), passphrase, self.adapter.example.kind)

    def asked(self, who: Credential) -> KeyReport:
        return ask(self.ports, self.name, self.adapter.whoami(who.key), who)

    def living(self) -> list[Key]:
        """The keys of the desk's account that were not ended."""
        every = self.venue.state.book.keys.values()
        return [key for key in every if key.account == self.home.id and key.enabled and not key.deleted]

    def _furnished(self) -> tuple[Account, Key, str]:
        """The desk's account, its key, and what that account is called in key management."""
        facts = told(self.name)
        if first := getattr(facts, "FIRST", None):
            self.others = {self.issue(self.firm, first).public_id}
        if facts.MANAGER is None:
            return self.firm, self.issue(self.firm, facts.TRADER), ""
        managing = self.issue(self.firm, facts.MANAGER)
        who = self.credential(managing)
        self.manager = enrol(self.ports, Declared(self.name, "ops", "manager", "kim"), who).key.name
        assert self.adapter.list_keys is not None
        for account in (self.venue.open_account("desk1", self.firm.id), self.firm):
            key = self.issue(account, facts.TRADER)
            named = self.asked(self.credential(key)).account
            for called in (named,) if named else (account.name, account.id, ""):
                try:
                    listed = ask(self.ports, self.name, self.adapter.list_keys(called), who)
                except (ExchangeError, UsageError):
                    continue
                if any(report.public_id == key.public_id for report in listed):
                    return account, key, called
        raise AssertionError("the managing key sees no key of the desk")

    def _needs(self, report: KeyReport) -> Scope:
        """What the key is declared to need; where the venue does not tell all, what the tests' key does."""
        wanted: Scope = told(self.name).SPEC.scopes
        held = report.scopes | report.scopes_unknown
        return wanted if report.scopes_unknown and wanted in held else report.scopes
