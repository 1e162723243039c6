"""Sealing: what a seal says, that none is made twice, and that no log ever contradicts itself."""

from __future__ import annotations

import json

import pytest

from keyguard.core.chain import chain_value
from keyguard.core.errors import IntegrityError, StoreError, UsageError
from keyguard.core.slots import slot
from keyguard.kga import merkle, notes
from keyguard.kga.seals import parse
from keyguard.workflows import log_key
from keyguard.workflows.begin import Firm, begin
from keyguard.workflows.seal import make_seal, seal_due, sealed
from tests.fakes.sealing import HANDOUT, copied, log_ports

DAY = 86_400


def stream_root(ports, stream):
    return merkle.root(merkle.leaf_hash(entry.record) for entry in ports.audit.entries(stream=stream))


def test_a_seal_holds_every_stream_in_its_slot_and_the_end_of_the_chain():
    ports = log_ports()
    made = make_seal(ports)
    chain = bytes(32)
    for entry in ports.audit.entries():
        chain = chain_value(chain, merkle.leaf_hash(entry.record))
    assert (made.seal.no, made.seal.chain, made.seal.table) == (0, chain, made.table.root())
    upbit, firm = made.table.slots[slot("upbit")], made.table.slots[0]
    assert (upbit.size, upbit.root) == (2, stream_root(ports, "upbit"))
    assert (firm.size, firm.root) == (2, stream_root(ports, "firm"))
    assert {one.size for one in made.table.slots[2:]} == {0}


def test_its_checkpoint_is_signed_by_the_key_that_the_log_names():
    ports = log_ports()
    made = make_seal(ports)
    assert made.note.signed_by(made.vkey)
    assert made.checkpoint.root == merkle.root(made.leaves)
    assert made.proof().includes(made.seal.leaf())
    (told,) = ports.audit.bodies("signer.add")
    assert (told["role"], told["label"]) == ("log", f"keyguard/{log_key.log_id(ports)}")
    assert made.vkey.name == told["label"]


def test_the_next_seal_goes_on_and_reads_only_what_is_new():
    ports = log_ports()
    first = make_seal(ports)
    ports.clock.sleep(60)
    ports.audit.append("upbit", "handout", HANDOUT)
    asked = []
    entries = ports.audit.entries
    ports.audit.entries = lambda **how: asked.append(how.get("after", -1)) or entries(**how)
    second = make_seal(ports)
    del ports.audit.entries
    assert second.leaves == (first.seal.leaf(), second.seal.leaf())
    assert second.table.slots[1].root == stream_root(ports, "upbit")
    assert second.seal_secret != first.seal_secret
    assert ports.audit.bodies("signer.add") == ports.audit.bodies("signer.add")[:1]
    assert [after for after in asked if after >= 0] == [3, 4]  # and the first record, for the log's name


def test_a_silent_day_is_sealed_too():
    ports = log_ports()
    make_seal(ports)
    ports.clock.sleep(DAY)
    second = make_seal(ports)
    assert second.seal.no == 1
    assert (second.seal.t - sealed(ports, 0).seal.t).total_seconds() == DAY


def test_an_older_seal_opens_under_the_newest_checkpoint():
    ports = log_ports()
    first = make_seal(ports)
    ports.audit.append("bybit", "handout", HANDOUT)
    make_seal(ports)
    again = sealed(ports, 0)
    assert again.table.root() == first.seal.table == again.seal.table
    assert again.checkpoint.size == 2
    assert again.proof().includes(first.seal.leaf())


def test_witnesses_lines_stand_in_the_note():
    ports = log_ports()
    made = make_seal(ports)
    from tests.kga.making import private, public

    witness = notes.VerifierKey("witness.example/w1", notes.COSIGNATURE, public(3))
    line = notes.cosign(made.note.text, witness, private(3).sign, 1_790_812_800)
    ports.seals.cosign(1, str(notes.Note("", (line,))).lstrip("\n"))
    assert sealed(ports).note.cosigned_at(witness) == 1_790_812_800
    assert sealed(ports).note.signed_by(made.vkey)


def test_a_seal_is_never_older_than_what_it_seals():
    ports = log_ports()
    first = make_seal(ports)
    ports.clock.sleep(-3600)
    assert make_seal(ports).seal.t == first.seal.t


def test_nothing_was_signed_yet():
    with pytest.raises(UsageError) as caught:
        sealed(log_ports())
    assert caught.value.code == "log.unsealed"
    ports = log_ports()
    make_seal(ports)
    with pytest.raises(UsageError):
        sealed(ports, 1)


@pytest.mark.parametrize(
    ("stream", "type_", "body"),
    [
        (
            "upbit",
            "key.revoke",
            {"key": "5a" * 32, "reason": "leak", "by": "p_" + "0" * 20, "at_venue": "api"},
        ),
        ("upbit", "incident.update", {"incident": "in_" + "0" * 16, "note": "seen"}),
        (
            "firm",
            "signer.remove",
            {"role": "attester", "public_key": "x", "label": "y", "from": "2026-11-20T09:00:00.000000Z"},
        ),
    ],
)
def test_a_seal_is_due_after_what_must_not_wait_and_before_a_day_is_over(stream, type_, body):
    ports = log_ports()
    assert seal_due(ports)
    make_seal(ports)
    ports.audit.append("upbit", "handout", HANDOUT)
    assert not seal_due(ports)
    ports.audit.append(stream, type_, body)
    assert seal_due(ports)
    make_seal(ports)
    assert not seal_due(ports)
    ports.clock.sleep(23 * 3600)
    assert seal_due(ports)


def test_a_record_that_does_not_follow_is_not_sealed():
    ports = log_ports()
    make_seal(ports)
    ports.audit.append("upbit", "handout", HANDOUT)
    entry = ports.audit._entries[-1]
    ports.audit._entries[-1] = type(entry)(entry.number, entry.record.replace(b"bot", b"cat"), entry.chain)
    with pytest.raises(IntegrityError) as caught:
        make_seal(ports)
    assert caught.value.code == "log.altered"
    assert ports.seals.last().no == 0


def test_a_log_that_never_began_is_not_sealed():
    ports = log_ports()
    ports.audit._entries.clear()
    with pytest.raises(IntegrityError) as caught:
        make_seal(ports)
    assert caught.value.code == "log.genesis"


def test_another_hosts_store_does_not_make_a_key_of_its_own():
    ports = log_ports()
    make_seal(ports)
    ports.secrets.delete(log_key.ITEM)
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            make_seal(ports)
        assert caught.value.code == "log.key"
    other = log_ports()
    make_seal(other)
    ports.secrets.items[log_key.ITEM] = type(other.secrets.get(log_key.ITEM))("00" * 32)
    with pytest.raises(StoreError):
        make_seal(ports)


def test_yesterdays_copy_of_the_database_does_not_sign():
    ports = log_ports()
    make_seal(ports)
    copy = copied(ports, secrets=False)
    ports.clock.sleep(DAY)
    make_seal(ports)
    copy.audit.append("upbit", "handout", HANDOUT)
    for _ in range(2):
        with pytest.raises(IntegrityError) as caught:
            make_seal(copy)
        assert caught.value.code == "log.behind"
    assert copy.seals.checkpoint()[0] == 1


def test_yesterdays_copy_of_the_store_does_not_sign():
    ports = log_ports()
    make_seal(ports)
    old = dict(ports.secrets.items)
    make_seal(ports)
    ports.secrets.items = old
    with pytest.raises(IntegrityError) as caught:
        make_seal(ports)
    assert caught.value.code == "log.behind"


def test_two_that_seal_at_once_take_turns():
    ports = log_ports()
    with ports.journal.alone("log-seal"), pytest.raises(UsageError) as caught:
        make_seal(ports)
    assert caught.value.code == "workflow.busy"
    assert make_seal(ports).seal.no == 0


def test_the_memory_holds_one_checkpoint():
    ports = log_ports()
    begin(ports, Firm(), tool_version="0")
    for _ in range(3):
        made = make_seal(ports)
    names = [name for name in ports.secrets.names() if "log-signed" in name]
    assert names == [f"system/log-signed/{made.log_id}/3"]
    assert parse(made.seal.encode()).no == 2
    assert json.loads(made.seal.encode())["no"] == 2
