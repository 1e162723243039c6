"""A log to seal: parts in memory that survive the process, without a venue."""

from __future__ import annotations

import copy
from dataclasses import replace

from keyguard.ports.all import Ports
from keyguard.workflows.begin import Firm, begin
from tests.fakes.audit import FakeAudit
from tests.fakes.clock import FakeClock
from tests.fakes.findings import FakeFindings
from tests.fakes.gateway import FakeGateway
from tests.fakes.incidents import FakeIncidents
from tests.fakes.inventory import FakeInventory
from tests.fakes.journal import FakeJournal
from tests.fakes.memory_store import MemoryStore
from tests.fakes.people import FakePeople
from tests.fakes.person import FakePerson
from tests.fakes.seals import FakeSeals

KEY = "5a" * 32
HANDOUT = {
    "key": KEY,
    "person": "p_" + "0" * 20,
    "host": "h_" + "1" * 20,
    "process": "bot",
    "mode": "env",
    "lease_s": 60,
}


FIRM = Firm("가짜 주식회사", "FAKE Trading", "000-00", "KR")


def log_ports(clock: FakeClock | None = None, role: str = "primary") -> Ports:
    """A log that has begun and has two hand-outs at Upbit."""
    clock = clock or FakeClock()
    inventory, audit = FakeInventory(), FakeAudit(clock)
    seals = FakeSeals(audit)
    inventory.joined = [audit, seals]
    ports = Ports(
        MemoryStore(),
        inventory,
        FakeJournal(),
        audit,
        FakeGateway(),
        clock,
        FakePerson(),
        FakePeople(),
        FakeFindings(),
        FakeIncidents(),
        seals,
    )
    begin(ports, FIRM, tool_version="0", role=role)
    for _ in range(2):
        audit.append("upbit", "handout", HANDOUT)
    return ports


def copied(ports: Ports, *, secrets: bool) -> Ports:
    """The database as it is now, as a copy of it would be put back later; the secret store's too, or not."""
    inventory, audit = FakeInventory(), FakeAudit(ports.clock)
    vars(audit).update({name: copy.copy(value) for name, value in vars(ports.audit).items()})
    audit._clock = ports.clock
    seals = FakeSeals(audit)
    vars(seals).update({n: copy.copy(v) for n, v in vars(ports.seals).items() if n != "_audit"})
    inventory.joined = [audit, seals]
    store = ports.secrets
    if secrets:
        store = MemoryStore()
        store.items = dict(ports.secrets.items)
    return replace(ports, inventory=inventory, audit=audit, seals=seals, secrets=store)
