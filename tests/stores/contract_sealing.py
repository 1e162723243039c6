"""A log that is sealed, restated and pruned. A subclass gives `audit`, `seals`, `inventory` and `clock`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyguard.kga import bundle, merkle, slot_table
from keyguard.ports.all import Ports
from keyguard.workflows.begin import Firm, begin
from keyguard.workflows.check_seals import check_seals
from keyguard.workflows.identity import Actor
from keyguard.workflows.log_opening import stream_part
from keyguard.workflows.log_prune import plan, prune
from keyguard.workflows.log_renew import renew
from keyguard.workflows.seal import make_seal, sealed
from keyguard.workflows.snapshot import write_snapshot
from tests.fakes.findings import FakeFindings
from tests.fakes.gateway import FakeGateway
from tests.fakes.incidents import FakeIncidents
from tests.fakes.journal import FakeJournal
from tests.fakes.memory_store import MemoryStore
from tests.fakes.people import FakePeople
from tests.fakes.person import FakePerson
from tests.fakes.sealing import HANDOUT

DEAD, ALIVE = "5a" * 32, "5b" * 32


class SealingContract:
    """Run on every store: what the workflows ask of log, seals and transactions together."""

    @pytest.fixture
    def ports(self, audit, seals, inventory, clock):
        made = Ports(
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
        begin(made, Firm(), tool_version="0")
        return made

    def test_a_log_goes_on_from_seal_to_seal(self, ports: Ports) -> None:
        for count in range(3):
            for _ in range(count):
                ports.audit.append("upbit", "handout", HANDOUT)
            ports.audit.append("bybit", "handout", HANDOUT)
            made = make_seal(ports)
        assert {name: tree.size for name, tree in made.streams.items()} == {"firm": 2, "upbit": 3, "bybit": 3}
        assert merkle.root(made.leaves) == made.checkpoint.root
        assert made.note.signed_by(made.vkey)
        again = sealed(ports, 1)
        assert (again.streams["upbit"].size, again.table.root()) == (1, again.seal.table)

    def test_a_new_log_begins_in_the_same_chain(self, ports: Ports) -> None:
        ports.audit.append("upbit", "handout", HANDOUT)
        ports.audit.append("bybit", "handout", HANDOUT)
        old = [make_seal(ports) for _ in range(2)][-1]
        fresh = renew(ports, tool_version="1", actor=Actor("hana", "host-1"))
        assert dict(ports.audit.verify().streams) == {"firm": 1, "upbit": 2, "bybit": 2}
        assert (ports.seals.last(), ports.seals.checkpoint()) == (None, None)
        made = make_seal(ports)
        assert (made.log_id, made.seal.no, made.leaves) == (fresh, 0, (made.seal.leaf(),))
        assert made.log_id != old.log_id
        ports.audit.append("upbit", "handout", HANDOUT)
        assert {name: tree.size for name, tree in make_seal(ports).streams.items()} == {
            "firm": 2,
            "upbit": 3,
            "bybit": 2,
        }
        assert check_seals(ports.seals) == 2
        ports.audit.verify()

    def test_pruned_after_years_it_verifies_and_opens_as_before(self, ports: Ports, clock) -> None:
        told = []
        for key in (DEAD, ALIVE):
            told.append(ports.audit.append("upbit", "key.register", {**REGISTER, "key": key}))
            told.append(ports.audit.append("upbit", "handout", {**HANDOUT, "key": key}, private={"pid": 7}))
        revoke = {"key": DEAD, "reason": "x", "by": "p_" + "0" * 20, "at_venue": "api"}
        ports.audit.append("upbit", "key.revoke", revoke)
        clock.sleep(timedelta(days=1).total_seconds())
        write_snapshot(ports, "upbit")
        make_seal(ports)
        assert plan(ports, 5).count == 0
        clock.sleep(timedelta(days=6 * 366).total_seconds())
        write_snapshot(ports, "upbit")
        before = make_seal(ports)
        assert plan(ports, 7).count == 0
        planned = plan(ports, 5)
        dead = [told[0].number, told[1].number, told[3].number + 1]
        assert dict(planned.numbers) == {"upbit": tuple(dead)}
        whole = ports.audit.verify()
        assert prune(ports, planned) == 3
        assert ports.audit.verify() == whole
        assert plan(ports, 5).count == 0
        part = stream_part(ports, before, "upbit")
        tree = merkle.Frontier()
        for line in part.lines:
            gone = bundle.withheld(line)
            tree.push(merkle.leaf_hash(line) if gone is None else gone[0])
        slot = slot_table.parse(part.slot)
        assert (tree.size, tree.root()) == (slot.size, slot.root)
        ports.audit.append("upbit", "handout", {**HANDOUT, "key": ALIVE})
        assert make_seal(ports).streams["upbit"].size == slot.size + 1


REGISTER = {
    "account": "MM-01",
    "kind": "hmac",
    "purpose": "quoting",
    "desk": "spot",
    "owner": "p_" + "0" * 20,
    "scopes_granted": ["read"],
    "scopes_needed": ["read"],
    "scopes_venue": {},
    "ip_allow": [],
    "ip_supported": True,
    "storage": "os_keyring",
    "source": "imported",
}
