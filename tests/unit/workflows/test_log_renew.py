"""A new log where the old one may sign no more: it begins anew, and loses nothing of what was known."""

from __future__ import annotations

import base64

import pytest

from keyguard.core.canonical import format_instant
from keyguard.core.errors import IntegrityError
from keyguard.core.record import parse
from keyguard.kga.derive.derived import derive
from keyguard.kga.derive.lines import Line, Period
from keyguard.workflows import attesters
from keyguard.workflows.check_seals import check_seals
from keyguard.workflows.identity import Actor
from keyguard.workflows.log_key import log_id
from keyguard.workflows.log_opening import stream_part
from keyguard.workflows.log_renew import renew
from keyguard.workflows.seal import make_seal
from keyguard.workflows.snapshot import write_snapshot
from tests.crash.killing import Fate, Killed, mortal
from tests.fakes.sealing import HANDOUT, KEY, copied, log_ports
from tests.kga.making import public
from tests.stores.contract_sealing import REGISTER

ACTOR = Actor("hana", "host-1")


def behind():
    """A copy of the database from before the newest checkpoint."""
    ports = log_ports()
    ports.audit.append("upbit", "key.register", {**REGISTER, "key": KEY})
    ports.audit.append("bybit", "handout", HANDOUT)
    for seed, label in ((2, "officer"), (4, "former officer")):
        key = base64.b64encode(public(seed)).decode()
        attesters.add(ports, "attester", key, label, actor=ACTOR)
    attesters.remove(ports, "former officer")
    ports.audit.append("firm", "role.assign", {"person_f": "p_" + "0" * 20, "role": "auditor"})
    ports.audit.append("firm", "role.assign", {"person_f": "p_" + "1" * 20, "role": "auditor"})
    ports.audit.append("firm", "role.remove", {"person_f": "p_" + "1" * 20, "role": "auditor"})
    policy = {"name": "rights", "version": "1", "sha256": "00" * 32, "params": {"idle_days": 9}}
    ports.audit.append("firm", "policy.set", policy)
    make_seal(ports)
    copy = copied(ports, secrets=False)
    make_seal(ports)
    with pytest.raises(IntegrityError):
        make_seal(copy)
    return copy


def present(ports, stream):
    return [parse(e.record) for e in ports.audit.entries(stream=stream, after=ports.seals.first() - 1)]


def test_it_signs_under_its_own_name_from_the_first_seal_on():
    ports = behind()
    old = log_id(ports)
    fresh = renew(ports, tool_version="1", actor=ACTOR)
    assert fresh != old
    made = make_seal(ports)
    assert (made.origin, made.seal.no, made.checkpoint.size) == (f"keyguard/{fresh}", 0, 1)
    assert check_seals(ports.seals) == 1
    assert make_seal(ports).seal.no == 1
    for stream, tree in made.streams.items():
        records = present(ports, stream)[: tree.size]
        assert [record.n for record in records] == list(range(tree.size))
    assert stream_part(ports, made, "upbit").lines == tuple(
        entry.record for entry in ports.audit.entries(stream="upbit", after=ports.seals.first() - 1)
    )
    ports.audit.verify()


def test_what_was_known_is_said_again():
    ports = behind()
    before = [Line("", r) for stream in ("firm", "upbit") for r in present(ports, stream)]
    ports.clock.sleep(60)
    renew(ports, tool_version="1", actor=ACTOR)
    firm = [(r.type, r.body.get("label") or r.body.get("person_f")) for r in present(ports, "firm")]
    assert firm[1:] == [("signer.add", "officer"), ("role.assign", "p_" + "0" * 20), ("policy.set", None)]
    ports.clock.sleep(60)
    since = format_instant(ports.clock.now())
    ports.clock.sleep(60)
    period = Period(since, format_instant(ports.clock.now()))
    after = [Line("", r) for stream in ("firm", "upbit") for r in present(ports, stream)]
    assert derive(after, period)["register"] == derive(before, period)["register"] != []
    assert write_snapshot(ports, "upbit") == 1
    assert [one.label for one in attesters.attesters(ports)] == ["officer"]


def test_killed_anywhere_there_is_the_old_log_or_the_whole_new_one():
    fate = Fate()
    renew(mortal(behind(), fate), tool_version="1", actor=ACTOR)
    for at in range(1, len(fate.names) + 1):
        for side in ("before", "after"):
            ports = behind()
            old, count = log_id(ports), len(ports.audit.types())
            with pytest.raises(Killed):
                renew(mortal(ports, Fate(at, side)), tool_version="1", actor=ACTOR)
            assert (log_id(ports) == old) == (len(ports.audit.types()) == count)
            ports.audit.verify()
