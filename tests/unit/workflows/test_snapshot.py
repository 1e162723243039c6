"""A log read from a snapshot on says what the whole log says (KGA/1 §5.3)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.core import canonical
from keyguard.core.errors import UsageError
from keyguard.core.record import parse
from keyguard.kga.derive.derived import derive
from keyguard.kga.derive.lines import Line, Period
from keyguard.workflows.snapshot import write_snapshot
from tests.fakes.sealing import log_ports

KEYS = ["5a" * 32, "5b" * 32, "5c" * 32]
PERSONS = ["p_" + "01" * 10, "p_" + "02" * 10]
PARTY = "o_" + "07" * 10
IDS = [f"{n:016x}" for n in range(3)]
LONG = "아" * 3000
FAR = "2027-11-20T09:00:00.000000Z"
NOW = "2026-11-20T09:00:00.000000Z"


def register(key):
    return "key.register", {
        "key": key,
        "account": "MM-01",
        "kind": "hmac",
        "purpose": "quoting",
        "desk": "현물",
        "owner": PERSONS[0],
        "scopes_granted": ["read", "withdraw"],
        "scopes_needed": ["read"],
        "scopes_venue": {"grants": ["x"]},
        "ip_allow": [],
        "ip_supported": True,
        "created_at": NOW,
        "storage": "os_keyring",
        "source": "imported",
    }


key, person, id_ = st.sampled_from(KEYS), st.sampled_from(PERSONS), st.sampled_from(IDS)
EVENTS = st.one_of(
    st.builds(register, key),
    st.builds(
        lambda key, status: (
            "key.observe",
            {
                "key": key,
                "by": "venue_api",
                "scopes_granted": ["read"],
                "ip_allow": ["::1"],
                "status": status,
            },
        ),
        key,
        st.sampled_from(["enabled", "disabled", "refused"]),
    ),
    st.builds(
        lambda key: (
            "key.update",
            {"key": key, "changes": {"purpose": {"old": "quoting", "new": "hedging"}}},
        ),
        key,
    ),
    st.builds(lambda old, new: ("key.rotate", {"old": old, "new": new, "reason": "schedule"}), key, key),
    st.builds(
        lambda key: ("key.revoke", {"key": key, "reason": LONG, "by": PERSONS[0], "at_venue": "api"}), key
    ),
    st.builds(
        lambda key: (
            "key.revoke_confirmed",
            {"key": key, "method": "probe", "checked_at": NOW, "meaning": "key_unknown", "attempts": 1},
        ),
        key,
    ),
    st.builds(
        lambda key: ("key.invalidated_by_venue", {"key": key, "noticed_at": NOW, "stage": "unknown"}), key
    ),
    st.builds(
        lambda key, living: ("key.remove", {"key": key, "by": PERSONS[0], "reason": "x", "living": living}),
        key,
        st.booleans(),
    ),
    st.builds(
        lambda keys, unknown: (
            "venue.keys_listed",
            {"by": "venue_api", "count": 1, "keys": sorted({*keys, *unknown}), "unknown": sorted(unknown)},
        ),
        st.sets(key),
        st.sets(key),
    ),
    st.builds(
        lambda g, key, person, external: (
            "access.grant",
            {
                "grant": "gr_" + g,
                "key": key,
                "person": person,
                "capacity": "contractor" if external else "employee",
                "from": NOW,
                "basis": LONG,
                "approval": "ap_" + g,
            }
            | ({"party": PARTY, "until": FAR} if external else {}),
        ),
        id_,
        key,
        person,
        st.booleans(),
    ),
    st.builds(
        lambda g, person: (
            "access.revoke",
            {"grant": "gr_" + g, "at": NOW, "reason": "leaver", "by": person},
        ),
        id_,
        person,
    ),
    st.builds(
        lambda key, g, person: (
            "handout",
            {
                "key": key,
                "grant": "gr_" + g,
                "person": person,
                "host": "h_" + "1" * 20,
                "process": "bot",
                "mode": "env",
                "lease_s": 60,
            },
        ),
        key,
        id_,
        person,
    ),
    st.builds(
        lambda digest: (
            "party.set",
            {
                "party": PARTY,
                "kind": "contractor",
                "relation": "staff",
                "contract_ref_sha256": digest * 32,
                "contract_from": NOW,
                "contract_until": FAR,
            },
        ),
        st.sampled_from(["01", "02"]),
    ),
    st.builds(
        lambda a, person: (
            "approval.request",
            {
                "approval": "ap_" + a,
                "action": "grant",
                "subject": {"person": person},
                "by": person,
                "reason": "x",
            },
        ),
        id_,
        person,
    ),
    st.builds(
        lambda a, person: (
            "approval.decide",
            {"approval": "ap_" + a, "by": person, "decision": "approve"},
        ),
        id_,
        person,
    ),
    st.builds(
        lambda r, key: (
            "review.open",
            {
                "review": "rv_" + r,
                "items": [{"item": "현물: 1/키", "key": key, "person": PERSONS[0], "grant": "gr_" + IDS[0]}],
                "reviewers": [PERSONS[1]],
                "due": FAR,
            },
        ),
        id_,
        key,
    ),
    st.builds(
        lambda r, word: (
            "review.decide",
            {"review": "rv_" + r, "item": "현물: 1/키", "decision": word, "by": PERSONS[1]},
        ),
        id_,
        st.sampled_from(["keep", "remove", "unknown"]),
    ),
    st.builds(lambda r: ("review.apply", {"review": "rv_" + r, "item": "현물: 1/키", "result": "done"}), id_),
    st.builds(
        lambda r: (
            "review.close",
            {"review": "rv_" + r, "by": PERSONS[0], "decided": 1, "undecided": 0, "changed": 0},
        ),
        id_,
    ),
    st.builds(
        lambda i, key: (
            "incident.open",
            {"incident": "in_" + i, "class": "leak", "keys": [key], "detected_at": NOW, "how": LONG},
        ),
        id_,
        key,
    ),
    st.builds(lambda i: ("incident.update", {"incident": "in_" + i, "note": LONG}), id_),
    st.builds(
        lambda i: ("incident.close", {"incident": "in_" + i, "root_cause": LONG, "actions": [LONG]}), id_
    ),
    st.builds(
        lambda e, key: (
            "exception.open",
            {
                "exception": "ex_" + e,
                "control": "F02",
                "key": key,
                "reason": LONG,
                "compensating": LONG,
                "until": FAR,
                "approval": "ap_" + e,
            },
        ),
        id_,
        key,
    ),
    st.builds(lambda e: ("exception.close", {"exception": "ex_" + e, "reason": LONG}), id_),
)
HISTORY = st.lists(EVENTS, max_size=25)


def lines(ports, after=-1):
    """The firm's stream and Upbit's from a place on, as a bundle would show them."""
    entries = [*ports.audit.entries(stream="firm"), *ports.audit.entries(stream="upbit", after=after)]
    return [Line("", parse(entry.record)) for entry in entries]


def write(ports, events):
    for type_, body in events:
        ports.clock.sleep(3600)
        ports.audit.append("upbit", type_, body)


@settings(max_examples=25, deadline=None)
@given(HISTORY, HISTORY, HISTORY)
def test_tables_from_a_snapshot_on_are_those_of_the_whole_log(before, between, after):
    ports = log_ports()
    write(ports, before)
    write_snapshot(ports, "upbit")
    write(ports, between)
    ports.clock.sleep(1)
    begun = len(list(ports.audit.entries())) - 1
    count = write_snapshot(ports, "upbit")  # which reads from the first one on
    since = canonical.format_instant(ports.clock.now())
    write(ports, after)
    ports.clock.sleep(1)
    period = Period(since, canonical.format_instant(ports.clock.now()))
    assert derive(lines(ports, begun), period) == derive(lines(ports), period)
    assert sum(type_.startswith("snapshot.") for type_ in ports.audit.types()[begun + 1 :]) == count + 2


def test_nothing_of_it_stands_where_one_record_is_refused():
    ports = log_ports()
    before = len(ports.audit.types())
    with pytest.raises(UsageError):
        write_snapshot(ports, "nowhere")
    assert len(ports.audit.types()) == before


def test_a_snapshot_that_was_not_ended_is_not_begun_from():
    ports = log_ports()
    write(ports, [register(KEYS[0])])
    ports.audit.append("upbit", "snapshot.begin", {})
    assert write_snapshot(ports, "upbit") == 1
