"""Witnesses and time-stamps: taken in only over a checkpoint of this log, by somebody the firm named."""

from __future__ import annotations

import base64

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.people import Capacity, Decision
from keyguard.kga import notes
from keyguard.workflows import anchors, approvals, attesters, declare_person
from keyguard.workflows.identity import Actor
from keyguard.workflows.seal import make_seal, sealed
from tests.fakes.sealing import log_ports
from tests.kga.making import private, public

ACTOR = Actor("hana", "host-1")
WITNESS = notes.VerifierKey("witness.example/w1", notes.COSIGNATURE, public(3))
ATTESTER = base64.b64encode(public(2)).decode()


@pytest.fixture
def ports():
    made = log_ports()
    attesters.add(made, "witness", str(WITNESS), "audit unit", actor=ACTOR)
    make_seal(made)
    return made


def cosignature(text, seed=3, time=1_790_812_800):
    line = notes.cosign(text, WITNESS, private(seed).sign, time)
    return str(notes.Note(text, (line,))).removeprefix(text + "\n")


def test_a_declared_witness_is_taken_in_and_stands_in_the_note(ports):
    text = sealed(ports).note.text
    ((name, size, at),) = anchors.cosign(ports, "a mail\n\n" + cosignature(text))
    assert (name, size, at.timestamp()) == ("witness.example/w1", 1, 1_790_812_800)
    assert sealed(ports).note.cosigned_at(WITNESS) == 1_790_812_800


def test_an_answer_to_an_older_checkpoint_finds_it(ports):
    text = sealed(ports).note.text
    make_seal(ports)
    ((_, size, _),) = anchors.cosign(ports, cosignature(text))
    assert size == 1
    assert ports.seals.cosignatures(2) == ()


@pytest.mark.parametrize("case", ["undeclared", "other text", "other key", "nothing", "no base64"])
def test_anything_else_is_refused(ports, case):
    text = sealed(ports).note.text
    line = cosignature(text)
    if case == "undeclared":
        attesters.remove(ports, "audit unit")
    line = {
        "other text": cosignature(text.replace("\n1\n", "\n2\n")),
        "other key": cosignature(text, seed=4),
        "nothing": "no line\n",
        "no base64": line.replace("=", "!"),
    }.get(case, line)
    with pytest.raises(UsageError) as caught:
        anchors.cosign(ports, line)
    assert caught.value.code == "cosignature.unknown"
    assert ports.seals.cosignatures(1) == ()


def test_a_reply_that_is_no_time_stamp_is_refused(ports):
    for made in (ports, log_ports()):
        with pytest.raises(UsageError) as caught:
            anchors.stamp(made, b"no reply", [])
        assert caught.value.code == "timestamp.unknown"


def test_signers_are_what_the_log_says(ports):
    attesters.add(ports, "attester", ATTESTER, "officer Kim", actor=ACTOR, person="kim")
    assert [(one.role, one.label) for one in attesters.attesters(ports)][1:] == [
        ("log", sealed(ports).origin),
        ("attester", "officer Kim"),
    ]
    (told,) = [one for one in ports.audit.bodies("signer.add") if one["role"] == "attester"]
    assert told["person"].startswith("p_")
    gone = attesters.remove(ports, "officer Kim")
    assert gone.until
    assert all(one.role != "attester" for one in attesters.attesters(ports))
    assert [one.until for one in attesters.attesters(ports, past=True) if one.role == "attester"] == [
        gone.until
    ]
    attesters.add(ports, "attester", ATTESTER, "officer Kim", actor=ACTOR)


@pytest.mark.parametrize(
    ("role", "key"),
    [
        ("attester", "abc"),
        ("attester", base64.b64encode(b"short").decode()),
        ("attester", str(WITNESS)),
        ("witness", ATTESTER),
        ("witness", str(notes.VerifierKey("w", notes.ED25519, public(3)))),
    ],
)
def test_what_is_no_key_is_refused(ports, role, key):
    with pytest.raises(UsageError) as caught:
        attesters.add(ports, role, key, "x", actor=ACTOR)
    assert caught.value.code == "signer.key"


def test_a_key_is_added_once_and_the_logs_own_stays(ports):
    with pytest.raises(UsageError) as caught:
        attesters.add(ports, "witness", str(WITNESS), "again", actor=ACTOR)
    assert caught.value.code == "signer.known"
    for name in (sealed(ports).origin, "nobody"):
        with pytest.raises(UsageError) as caught:
            attesters.remove(ports, name)
        assert caught.value.code == "signer.unknown"


def test_where_people_are_declared_a_second_person_agrees_first(ports):
    kim = Actor("kim", "host-1")
    for actor in (ACTOR, kim):
        declare_person.declare(ports, actor.user, Capacity.EMPLOYEE, actor=ACTOR, users=[(actor.user, "")])

    def add():
        return attesters.add(ports, "attester", ATTESTER, "officer", actor=ACTOR, why="new officer")

    for code in ("approval.needed", "approval.waits"):
        with pytest.raises(UsageError) as caught:
            add()
        assert caught.value.code == code
    (waiting,) = approvals.pending(ports)
    with pytest.raises(UsageError):
        approvals.decide(ports, waiting.id, Decision.APPROVE, actor=ACTOR)
    assert all(one.role != "attester" for one in attesters.attesters(ports))
    approvals.decide(ports, waiting.id, Decision.APPROVE, actor=kim)
    assert add().label == "officer"
    attesters.remove(ports, "officer")
    with pytest.raises(UsageError) as caught:
        add()
    assert caught.value.code == "approval.needed"  # one word for one change
