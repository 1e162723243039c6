"""What is true of every Inventory. A subclass gives the fixture `inventory`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Environment, Key, KeyKind, KeyVersion, Origin, Scope, VersionStatus
from keyguard.ports.inventory import Inventory, Lease, Observation

T0 = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)
KEY = Key(
    id="k1",
    venue="bybit",
    desk="mm",
    label="btc",
    kind=KeyKind.ED25519,
    environment=Environment.SIMULATED,
    owner="현물",
    account="100200",
    purpose="quoting",
    needs=Scope.READ | Scope.TRADE_SPOT,
)
V1 = KeyVersion("v1", "k1", 1, "FAKEPUBLIC1", "ab" * 32, VersionStatus.LIVE, T0, venue_ref="17")
V2 = KeyVersion("v2", "k1", 2, "FAKEPUBLIC2", "cd" * 32, VersionStatus.STAGED, T0 + timedelta(days=1))
LEASE = Lease("l1", "v1", 4242, "998877", "python bot.py", T0)


def other(id_: str, venue: str, desk: str, label: str) -> tuple[Key, KeyVersion]:
    key = Key(id=id_, venue=venue, desk=desk, label=label)
    return key, replace(V1, id=f"v-{id_}", key_id=id_, public_id=f"FAKE-{id_}")


class InventoryContract:
    """Run on every store and fake."""

    def test_a_key_reads_back(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        assert inventory.keys() == (KEY,)
        assert inventory.versions("k1") == (V1,)
        assert inventory.version_ids() == {V1.id}
        assert inventory.live_version("k1") == V1

    def test_keys_are_sorted_by_name(self, inventory: Inventory) -> None:
        for args in (("k3", "upbit", "a", "x"), ("k2", "bybit", "z", "x"), ("k1", "bybit", "a", "x")):
            inventory.add_key(*other(*args))
        listed = inventory.keys()
        assert [key.id for key in listed] == ["k1", "k2", "k3"]

    def test_a_taken_name_or_public_id_is_refused_and_nothing_is_added(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        with pytest.raises(UsageError) as name:
            inventory.add_key(replace(KEY, id="k2"), replace(V1, id="v9", key_id="k2", public_id="FAKE9"))
        with pytest.raises(UsageError) as public_id:
            inventory.add_key(replace(KEY, id="k2", label="eth"), replace(V1, id="v9", key_id="k2"))
        assert (name.value.code, public_id.value.code) == ("key.name_taken", "key.known")
        assert inventory.keys() == (KEY,)
        elsewhere = replace(KEY, id="k2", venue="upbit")
        inventory.add_key(elsewhere, replace(V1, id="v9", key_id="k2"))

    def test_declared_facts_are_replaced(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        changed = replace(KEY, label="eth", needs=Scope.NONE, purpose="")
        inventory.update_key(changed)
        assert inventory.find_key("bybit/mm/eth") == changed
        with pytest.raises(UsageError):
            inventory.update_key(replace(KEY, id="unknown", label="x"))

    def test_a_removed_key_leaves_nothing(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        inventory.observe(Observation("v1", T0, KeyReport("FAKEPUBLIC1")))
        inventory.add_lease(LEASE)
        inventory.remove_key("k1")
        assert inventory.keys() == ()
        assert inventory.versions("k1") == ()
        assert inventory.last_observation("v1") is None
        assert inventory.open_leases("v1") == ()
        assert inventory.version_by_public_id("bybit", "FAKEPUBLIC1") is None

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ("k1", "k1"),
            ("bybit/mm/btc", "k1"),
            ("mm/btc", "k1"),
            ("btc", "k1"),
            ("btc-hedge", "k2"),
            ("bybit/mm/btc-", "k2"),
            ("arb", "k3"),
            ("upb", "k3"),
            ("up/ar", "k3"),
        ],
    )
    def test_any_unambiguous_part_of_the_name_finds_a_key(
        self, inventory: Inventory, wanted: str, found: str
    ) -> None:
        inventory.add_key(KEY, V1)
        inventory.add_key(*other("k2", "bybit", "mm", "btc-hedge"))
        inventory.add_key(*other("k3", "upbit", "arb", "krw"))
        assert inventory.find_key(wanted).id == found

    @pytest.mark.parametrize(
        ("wanted", "code"),
        [
            ("bybit", "key.ambiguous"),
            ("mm", "key.ambiguous"),
            ("by", "key.ambiguous"),
            ("bybit/mm/", "key.unknown"),
            ("tc", "key.unknown"),
            ("bybit/btc", "key.unknown"),
            ("upbit", "key.unknown"),
            ("%", "key.unknown"),
            ("", "key.unknown"),
        ],
    )
    def test_what_finds_none_or_several(self, inventory: Inventory, wanted: str, code: str) -> None:
        inventory.add_key(KEY, V1)
        inventory.add_key(*other("k2", "bybit", "mm", "btc-hedge"))
        with pytest.raises(UsageError) as caught:
            inventory.find_key(wanted)
        assert caught.value.code == code
        if code == "key.ambiguous":
            assert "bybit/mm/btc" in str(caught.value)
            assert "bybit/mm/btc-hedge" in str(caught.value)

    def test_versions_oldest_first_and_adding_again_is_fine(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        inventory.add_version(V2)
        inventory.switch("k1", "v2")
        inventory.add_version(V2)
        assert inventory.versions("k1") == (
            replace(V1, status=VersionStatus.RETIRED),
            replace(V2, status=VersionStatus.LIVE),
        )

    def test_no_two_versions_of_a_key_have_one_number(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        inventory.add_version(V2)
        inventory.set_status("v2", VersionStatus.DEAD)
        with pytest.raises(StoreError) as caught:
            inventory.add_version(replace(V2, id="v3", public_id="FAKEPUBLIC3"))
        assert caught.value.code == "database.constraint"
        assert [version.id for version in inventory.versions("k1")] == ["v1", "v2"]

    def test_a_switch_leaves_one_live_version(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        inventory.add_version(V2)
        for _ in range(2):
            inventory.switch("k1", "v2")
            assert inventory.live_version("k1").id == "v2"
            assert [v.status for v in inventory.versions("k1")] == [VersionStatus.RETIRED, VersionStatus.LIVE]

    def test_a_switch_to_an_unknown_version_changes_nothing(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        with pytest.raises(UsageError):
            inventory.switch("k1", "v9")
        assert inventory.live_version("k1") == V1

    def test_a_key_without_a_live_version(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        inventory.set_status("v1", VersionStatus.DEAD)
        with pytest.raises(UsageError) as caught:
            inventory.live_version("k1")
        assert caught.value.code == "key.no_live_version"

    def test_a_version_is_found_by_public_id_dead_or_alive(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        inventory.set_status("v1", VersionStatus.DEAD)
        found = inventory.version_by_public_id("bybit", "FAKEPUBLIC1")
        assert found == replace(V1, status=VersionStatus.DEAD)
        assert inventory.version_by_public_id("upbit", "FAKEPUBLIC1") is None

    def test_a_reset_keeps_the_public_id_in_a_new_version(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        inventory.add_version(replace(V2, public_id="FAKEPUBLIC1"))
        found = inventory.version_by_public_id("bybit", "FAKEPUBLIC1")
        assert found is not None
        assert found.id == "v2"

    def test_the_newest_observation(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        assert inventory.last_observation("v1") is None
        report = KeyReport(
            "FAKEPUBLIC1", ref="17", scopes=Scope.READ, scopes_origin=Origin.REPORTED, ips=(), expires_at=T0
        )
        newest = Observation("v1", T0 + timedelta(hours=1), report)
        inventory.observe(newest)
        inventory.observe(Observation("v1", T0, KeyReport("FAKEPUBLIC1")))
        assert inventory.last_observation("v1") == newest
        assert inventory.last_observations(["v1", "v9"]) == {"v1": newest}
        assert inventory.last_observations([]) == {}
        same = replace(newest, report=replace(report, ref="18"))
        inventory.observe(same)
        inventory.add_key(*other("k2", "upbit", "arb", "krw"))
        theirs = replace(newest, version_id="v-k2", at=T0)
        inventory.observe(theirs)
        many = ["v1", "v-k2", *(f"v-{n}" for n in range(1000))]
        assert inventory.last_observations(many) == {"v1": same, "v-k2": theirs}

    def test_leases_are_open_until_they_end(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        inventory.add_lease(LEASE)
        inventory.add_lease(replace(LEASE, id="l2", at=T0 + timedelta(minutes=1)))
        assert inventory.open_leases("v1") == (LEASE, replace(LEASE, id="l2", at=T0 + timedelta(minutes=1)))
        inventory.end_lease("l1", T0 + timedelta(hours=1))
        assert [lease.id for lease in inventory.open_leases("v1")] == ["l2"]

    def test_who_runs_with_what_right(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        inventory.add_key(*other("k2", "upbit", "arb", "krw"))
        later = replace(LEASE, id="l2", version_id="v-k2", at=T0 + timedelta(hours=1), person="hana")
        inventory.add_lease(replace(later, grant_id="gr_1"))
        inventory.add_lease(LEASE)
        assert inventory.running_leases() == (LEASE, replace(later, grant_id="gr_1"))
        inventory.end_lease("l1", T0 + timedelta(hours=2))
        assert [lease.person for lease in inventory.running_leases()] == ["hana"]

    def test_a_lease_says_on_which_host_its_process_runs(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        there = replace(LEASE, id="l2", host="tokyo-2", at=T0 + timedelta(minutes=1))
        inventory.add_leases([LEASE, there])
        before, noted = inventory.open_leases("v1")
        assert (before, noted) == (LEASE, there)
        assert [before.is_on("tokyo-1"), noted.is_on("tokyo-1"), noted.is_on("tokyo-2")] == [
            True,
            False,
            True,
        ]

    def test_many_leases_begin_and_end_at_once(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        inventory.add_version(V2)
        second = replace(LEASE, id="l2", version_id="v2", at=T0 + timedelta(minutes=1))
        third = replace(LEASE, id="l3", at=T0 + timedelta(minutes=2))
        inventory.add_leases([third, LEASE, second])
        inventory.add_leases([])
        assert inventory.running_leases() == (LEASE, second, third)
        inventory.end_lease("l1", T0)
        inventory.end_leases(["l1", "l3", "unknown"], T0 + timedelta(hours=1))
        inventory.end_leases([], T0)
        assert inventory.running_leases() == (second,)

    def test_versions_of_many_keys_are_found_at_once(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        inventory.add_version(V2)
        key, version = other("k2", "upbit", "a", "x")
        inventory.add_key(key, replace(version, status=VersionStatus.RETIRED))
        many = ["k1", "k2", *(f"none{number}" for number in range(1200))]
        assert inventory.live_versions(many) == {"k1": V1}
        assert inventory.live_versions([]) == {}
        assert set(inventory.versions_by_id(["v1", "v2", "v9"])) == {"v1", "v2"}

    def test_a_stamp_differs_after_a_change(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        first = inventory.stamp()
        inventory.add_version(V2)
        second = inventory.stamp()
        inventory.switch("k1", "v2")
        assert len({first, second, inventory.stamp()}) == 3

    def test_a_transaction_stands_as_a_whole_or_not_at_all(self, inventory: Inventory) -> None:
        inventory.add_key(KEY, V1)
        with pytest.raises(ZeroDivisionError), inventory.transaction():
            inventory.add_version(V2)
            inventory.switch("k1", "v2")
            assert inventory.live_version("k1").id == "v2"
            raise ZeroDivisionError
        assert inventory.versions("k1") == (V1,)
        with inventory.transaction():
            inventory.add_version(V2)
            inventory.switch("k1", "v2")
        assert inventory.live_version("k1").id == "v2"
