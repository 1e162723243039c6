"""The fakes that workflows are tested on keep the contracts of the real stores."""

from __future__ import annotations

import pytest

from tests.fakes.audit import FakeAudit
from tests.fakes.clock import FakeClock
from tests.fakes.inventory import FakeInventory
from tests.fakes.journal import FakeJournal
from tests.stores.contract_audit import AuditContract
from tests.stores.contract_inventory import InventoryContract
from tests.stores.contract_journal import JournalContract


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
