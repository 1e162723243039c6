"""What is true of every Uses. A subclass gives the fixtures `audit`, `inventory` and `uses`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyguard.core.use_history import History, Use
from keyguard.ports.audit import AuditLog
from keyguard.ports.inventory import Inventory
from keyguard.ports.uses import Uses
from tests.stores.contract_audit import HANDOUT
from tests.stores.contract_inventory import KEY, V1

T0 = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)


def history(count: int) -> History:
    made = History()
    for number in range(count):
        at = T0 + timedelta(seconds=number)
        made = made.after(
            Use(
                "k",
                at,
                f"p{number % 3}",
                "h",
                f"하나{number % 3}",
                "host-1",
                "/bin/a",
                "",
                "acme",
                None,
                ("::1",),
                "acme",
            )
        )
    return made


class UsesContract:
    """Run on every store and fake."""

    def test_nothing_is_taken_in_at_first(self, uses: Uses) -> None:
        assert (uses.taken_in(), uses.behind()) == (-1, 0)
        assert uses.logged(-1, 10) == (-1, [])
        assert uses.histories(["nosuch"]) == {}

    def test_it_finds_the_hand_outs_among_the_records(self, audit: AuditLog, uses: Uses) -> None:
        first = audit.append("bybit", "handout", HANDOUT, private={"host": "host-1"})
        audit.append("firm", "log.heartbeat", {"host": "h_" + "1" * 20, "seq": 1})
        third = audit.append("bybit", "handout", HANDOUT)
        number, logged = uses.logged(-1, 10)
        assert (number, uses.behind()) == (2, 3)
        assert [(one.record, one.private) for one in logged] == [
            (first.record, b'{"host":"host-1"}'),
            (third.record, None),
        ]

    def test_it_looks_at_so_many_records_and_no_more(self, audit: AuditLog, uses: Uses) -> None:
        for _ in range(3):
            audit.append("bybit", "handout", HANDOUT)
        number, logged = uses.logged(-1, 2)
        assert (number, len(logged)) == (1, 2)
        number, logged = uses.logged(number, 2)
        assert (number, len(logged)) == (2, 1)
        assert uses.logged(number, 2) == (2, [])

    def test_histories_are_as_they_were_left(self, audit: AuditLog, inventory: Inventory, uses: Uses) -> None:
        inventory.add_key(KEY, V1)
        audit.append("bybit", "handout", HANDOUT)
        uses.take_in({KEY.id: history(3)}, 0)
        assert uses.histories([KEY.id, "nosuch"]) == {KEY.id: history(3)}
        assert (uses.taken_in(), uses.behind()) == (0, 0)
        uses.take_in({KEY.id: history(300)}, 0)
        found = uses.histories([KEY.id])[KEY.id]
        assert found == history(300)
        assert list(found.persons) == list(history(300).persons)  # what was seen last stands last
        uses.forget()
        assert (uses.taken_in(), uses.histories([KEY.id])) == (-1, {})

    def test_versions_lead_to_their_key(self, inventory: Inventory, uses: Uses) -> None:
        inventory.add_key(KEY, V1)
        other = replace(V1, id="other", number=2, public_id="FAKEother", fingerprint="cd" * 32)
        inventory.add_version(replace(other, status=type(V1.status).STAGED))
        found = uses.key_ids([V1.fingerprint, "cd" * 32, "ef" * 32])
        assert found == {V1.fingerprint: KEY.id, "cd" * 32: KEY.id}

    def test_it_joins_the_inventorys_transaction(self, inventory: Inventory, uses: Uses) -> None:
        inventory.add_key(KEY, V1)
        if getattr(inventory, "joined", None) is not None:
            inventory.joined.append(uses)  # type: ignore[attr-defined] # the fake's database
        with pytest.raises(ZeroDivisionError), inventory.transaction():
            uses.take_in({KEY.id: history(1)}, 0)
            raise ZeroDivisionError
        assert (uses.taken_in(), uses.histories([KEY.id])) == (-1, {})
