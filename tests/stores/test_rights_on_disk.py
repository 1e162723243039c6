"""Rights on the real database: no end slips between check and record, and two processes see one truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key, KeyVersion, Scope, VersionStatus
from keyguard.core.people import Capacity
from keyguard.core.rights import RightsPolicy
from keyguard.core.secret import Secret
from keyguard.ports.all import Ports
from keyguard.ports.audit import Draft
from keyguard.stores.audit import SqlAuditLog
from keyguard.stores.database import Database, open_database, sqlite_url
from keyguard.stores.findings import SqlFindings
from keyguard.stores.incidents import SqlIncidents
from keyguard.stores.inventory import SqlInventory
from keyguard.stores.people import SqlPeople
from keyguard.stores.seals import SqlSeals
from keyguard.workflows import credentials, declare_person, end_person, give_grant
from keyguard.workflows.handout import HandOut, hand_out
from keyguard.workflows.identity import Actor, Process
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeJournal
from tests.fakes.memory_store import MemoryStore
from tests.fakes.person import FakePerson

HANA = Actor("hana", "host-1")
CLOCK = FakeClock()


def ports_on(database: Database, secrets: Any) -> Ports:
    return Ports(
        secrets,
        SqlInventory(database),
        FakeJournal(),
        SqlAuditLog(database, CLOCK),
        Any,  # type: ignore[arg-type]  # no venue is asked
        CLOCK,
        FakePerson(),
        SqlPeople(database, RightsPolicy()),
        SqlFindings(database),
        SqlIncidents(database),
        SqlSeals(database, secrets, CLOCK),
    )


@pytest.fixture
def firm(database: Database) -> Ports:
    """A key, and hana who may use it."""
    ports = ports_on(database, MemoryStore())
    key = Key("k1", "bybit", "mm", "bot", owner="hana", needs=Scope.READ)
    version = KeyVersion("ab" * 8, "k1", 1, "FAKEPUBLIC", "ab" * 32, VersionStatus.LIVE, CLOCK.now())
    credentials.store(ports, version, Credential("FAKEPUBLIC", Secret("FAKE" * 8)))
    ports.inventory.add_key(key, version)
    declare_person.declare(ports, "hana", Capacity.EMPLOYEE, actor=HANA, users=[("hana", "")])
    give_grant.give(ports, give_grant.Wanted("hana", desk="mm"), actor=HANA)
    return ports


@pytest.fixture
def elsewhere(firm: Ports, database_path: Path) -> Iterator[Ports]:
    """Another process on the same database, which does not wait long."""
    with closing(open_database(sqlite_url(database_path), patience=0.05)) as other:
        yield ports_on(other, firm.secrets)


def use(ports: Ports) -> HandOut:
    return hand_out(ports, "k1", purpose="", mode="env", actor=HANA, process=Process(1, "1", "bot"))


def test_an_end_by_another_process_is_seen_by_the_next_hand_out(firm: Ports, elsewhere: Ports) -> None:
    assert use(elsewhere).person == "hana"
    end_person.end(firm, "hana", actor=HANA, reason="leaver")
    with pytest.raises(UsageError) as caught:
        use(elsewhere)
    assert caught.value.code == "rights.person_ended"
    firm.audit.verify()


def test_no_end_comes_between_the_check_and_its_record(firm: Ports, elsewhere: Ports) -> None:
    append_all = firm.audit.append_all
    attempts: list[str] = []

    def racing(drafts: Sequence[Draft]) -> Any:
        if any(draft.type == "handout" for draft in drafts):
            with pytest.raises(StoreError) as caught:
                end_person.end(elsewhere, "hana", actor=HANA, reason="leaver")
            attempts.append(caught.value.code)
        return append_all(drafts)

    firm.audit.append_all = racing  # type: ignore[method-assign]
    use(firm)
    assert attempts == ["database.locked"]
    end_person.end(elsewhere, "hana", actor=HANA, reason="leaver")


def test_a_record_that_fails_undoes_the_whole_change(firm: Ports) -> None:
    append = firm.audit.append
    before = firm.people.persons(), firm.people.grants(), firm.audit.verify()

    def failing(stream: str, type_: str, *args: Any, **rest: Any) -> Any:
        if type_ == "access.revoke":
            raise StoreError("no room left", code="database.full")
        return append(stream, type_, *args, **rest)

    firm.audit.append = failing  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        end_person.end(firm, "hana", actor=HANA, reason="leaver")
    assert (firm.people.persons(), firm.people.grants(), firm.audit.verify()) == before


def test_what_the_log_holds_names_nobody(firm: Ports) -> None:
    use(firm)
    records = b"".join(entry.record for entry in firm.audit.entries())
    assert b"hana" not in records
    firm.audit.verify()
