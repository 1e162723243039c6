from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Key, KeyKind, Origin
from keyguard.workflows import records
from keyguard.workflows.identity import names
from tests.fakes.world import World

AT = datetime(2026, 11, 20, 9, 0, 0, 5, tzinfo=UTC)
REPORT = KeyReport(
    "FAKEid", account="sub-7", parent="main-1", created_at=AT, expires_at=AT, expiry_origin=Origin.REPORTED
)


def test_a_sub_account_stands_beside_its_master():
    world = World()
    facts = world.exchange.adapter.facts
    named = names(world.ports, "examplex")
    body = records.register(
        named,
        Key("k", "examplex", "d", "l"),
        KeyKind.ED25519,
        REPORT,
        replace(facts, max_ips=0),
        storage="os_keyring",
        source="imported",
    )
    assert (body["account"], body["sub_account"]) == ("main-1", "sub-7")
    assert body["created_at"] == body["expires_at"] == "2026-11-20T09:00:00.000005Z"
    assert body["kind"] == "ed25519" and body["ip_supported"] is False
    assert "hint" not in body, "a short id gives too much of itself away"
    assert records.observe(named, REPORT)["expires_at"] == "2026-11-20T09:00:00.000005Z"


def test_a_record_is_appended_once():
    world = World()
    one, other = "ab" * 32, "cd" * 32
    body = {"key": one, "reason": "leak", "by": "p_" + "0" * 20, "at_venue": "api"}
    records.append_once(world.ports, "examplex", "key.revoke", body, ("key",))
    records.append_once(world.ports, "examplex", "key.revoke", {**body, "reason": "other"}, ("key",))
    records.append_once(world.ports, "examplex", "key.revoke", {**body, "key": other}, ("key",))
    assert [b["key"] for b in world.audit.bodies("key.revoke")] == [one, other]


def test_looking_a_key_up_does_not_read_the_whole_log():
    world = World()
    keys = [f"{number:02x}" * 32 for number in range(50)]
    for key in keys:
        body = {"key": key, "reason": "leak", "by": "p_" + "0" * 20, "at_venue": "api"}
        world.audit.append("examplex", "key.revoke", body)
    entries, read = world.audit.entries, []

    def counted(**options):
        for entry in entries(**options):
            read.append(entry)
            yield entry

    world.audit.entries = counted
    assert records.recorded(world.ports, "examplex", "key.revoke", {"key": keys[-1]})
    assert not records.recorded(world.ports, "examplex", "key.revoke", {"key": "ff" * 32})
    assert len(read) == 1
