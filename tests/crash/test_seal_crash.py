"""Killed anywhere while sealing: after a restart no checkpoint contradicts another (KGA/1 §19, case 37)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from keyguard.core.errors import IntegrityError
from keyguard.kga import checkpoints, merkle, notes
from keyguard.workflows.seal import make_seal
from keyguard.workflows.snapshot import write_snapshot
from tests.crash.killing import Fate, Killed, mortal
from tests.fakes.sealing import HANDOUT, copied, log_ports


def seal_twice(ports):
    """What is killed: a first seal, a hand-out, another seal."""
    made = [make_seal(ports)]
    ports.audit.append("upbit", "handout", HANDOUT)
    return [*made, make_seal(ports)]


def calls():
    fate = Fate()
    seal_twice(mortal(log_ports(), fate))
    return fate.names


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("at", range(1, len(calls()) + 1))
def test_killed_at_any_call_the_log_signs_one_history(at, side):
    ports = log_ports()
    seen = []
    with suppress(Killed):
        for made in seal_twice(mortal(ports, Fate(at, side))):
            seen.append(str(made.note))
    kept = [ports.seals.checkpoint(size) for size in (1, 2)]
    seen += [note for _, note in filter(None, kept)]
    ports.clock.sleep(60)
    ports.audit.append("upbit", "handout", HANDOUT)
    made = make_seal(ports)
    for text in seen:
        head = checkpoints.parse(notes.parse(text).text)
        assert merkle.root(made.leaves[: head.size]) == head.root
    for size in range(1, len(made.leaves) + 1):
        _, text = ports.seals.checkpoint(size)
        note = notes.parse(text)
        assert note.signed_by(made.vkey)
        assert checkpoints.parse(note.text).root == merkle.root(made.leaves[:size])
    assert made.streams["upbit"].size == len(list(ports.audit.entries(stream="upbit")))
    ports.audit.verify()


def signed_before_death(at):
    """A first seal, then a second one that dies; and yesterday's copy of the database, between the two."""
    ports = log_ports()
    make_seal(ports)
    copy = copied(ports, secrets=False)
    with pytest.raises(Killed):
        make_seal(mortal(ports, Fate(at, "after")))
    return ports, copy


def test_a_copy_from_before_the_death_signs_only_if_nothing_was_remembered():
    fate = Fate()
    ports = log_ports()
    make_seal(ports)
    make_seal(mortal(ports, fate))
    remembered = fate.names.index("secrets.put") + 1
    for at in range(1, len(fate.names) + 1):
        ports, copy = signed_before_death(at)
        if at < remembered:
            assert make_seal(copy).checkpoint.size == 2  # the other was never signed, and is gone
        else:
            with pytest.raises(IntegrityError) as caught:
                make_seal(copy)
            assert caught.value.code == "log.behind"


def test_a_snapshot_stands_whole_or_not_at_all():
    fate = Fate()
    register = {"key": "5a" * 32, "reason": "x", "by": "p_" + "0" * 20, "at_venue": "api"}
    ports = log_ports()
    ports.audit.append("upbit", "key.revoke", register)
    write_snapshot(mortal(ports, fate), "upbit")
    for at in range(1, len(fate.names) + 1):
        ports = log_ports()
        with pytest.raises(Killed):
            write_snapshot(mortal(ports, Fate(at, "before")), "upbit")
        told = [one for one in ports.audit.types() if one.startswith("snapshot")]
        assert told in ([], ["snapshot.begin", "snapshot.end"])
