"""The fakes that workflows are tested on keep the contracts of the real stores."""

from __future__ import annotations

import pytest

from tests.fakes.audit import FakeAudit
from tests.fakes.clock import FakeClock
from tests.fakes.findings import FakeFindings
from tests.fakes.incidents import FakeIncidents
from tests.fakes.inventory import FakeInventory
from tests.fakes.journal import FakeJournal
from tests.fakes.people import FakePeople
from tests.fakes.seals import FakeSeals
from tests.fakes.uses import FakeUses
from tests.stores.contract_audit import AuditContract
from tests.stores.contract_findings import FindingsContract
from tests.stores.contract_incidents import IncidentsContract
from tests.stores.contract_inventory import InventoryContract
from tests.stores.contract_journal import JournalContract
from tests.stores.contract_people import PeopleContract
from tests.stores.contract_sealing import SealingContract
from tests.stores.contract_seals import SealsContract
from tests.stores.contract_uses import UsesContract


class TestFakeInventory(InventoryContract):
    @pytest.fixture
    def inventory(self) -> FakeInventory:
        return FakeInventory()


class TestFakeJournal(JournalContract):
    @pytest.fixture
    def journal(self) -> FakeJournal:
        return FakeJournal()


class TestFakeAudit(AuditContract):
    @pytest.fixture
    def audit(self, clock: FakeClock) -> FakeAudit:
        return FakeAudit(clock)


class TestFakePeople(PeopleContract):
    @pytest.fixture
    def people(self) -> FakePeople:
        return FakePeople()


class TestFakeFindings(FindingsContract):
    @pytest.fixture
    def findings(self) -> FakeFindings:
        return FakeFindings()


class TestFakeIncidents(IncidentsContract):
    @pytest.fixture
    def incidents(self) -> FakeIncidents:
        return FakeIncidents()


class TestFakeUses(UsesContract):
    @pytest.fixture
    def audit(self, clock: FakeClock) -> FakeAudit:
        return FakeAudit(clock)

    @pytest.fixture
    def inventory(self) -> FakeInventory:
        return FakeInventory()

    @pytest.fixture
    def uses(self, audit: FakeAudit, inventory: FakeInventory) -> FakeUses:
        return FakeUses(audit, inventory, ())


class TestFakeSeals(SealsContract):
    @pytest.fixture
    def audit(self, clock: FakeClock) -> FakeAudit:
        return FakeAudit(clock)

    @pytest.fixture
    def seals(self, audit: FakeAudit) -> FakeSeals:
        return FakeSeals(audit)


class TestFakeSealing(SealingContract):
    @pytest.fixture
    def audit(self, clock: FakeClock) -> FakeAudit:
        return FakeAudit(clock)

    @pytest.fixture
    def seals(self, audit: FakeAudit) -> FakeSeals:
        return FakeSeals(audit)

    @pytest.fixture
    def inventory(self, audit: FakeAudit, seals: FakeSeals) -> FakeInventory:
        made = FakeInventory()
        made.joined = [audit, seals]
        return made
