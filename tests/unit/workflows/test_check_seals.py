"""Whoever rewrites the log with its whole chain is found by the seals; nothing secret is needed for that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.chain import CHAIN_START, chain_value, leaf_hash
from keyguard.core.errors import IntegrityError
from keyguard.kga.merkle import Frontier
from keyguard.workflows.check_seals import check_seals
from keyguard.workflows.seal import make_seal
from tests.fakes.sealing import HANDOUT, log_ports


@pytest.fixture
def ports():
    made = log_ports()
    for _ in range(2):
        make_seal(made)
        made.audit.append("upbit", "handout", HANDOUT)
    return made


def test_what_nobody_touched_is_right(ports):
    ports.secrets.items.clear()
    assert check_seals(ports.seals) == 2
    assert check_seals(log_ports().seals) == 0


def test_a_record_before_a_seal_rewritten_with_its_chain_is_found(ports):
    entries, chain = ports.audit._entries, CHAIN_START
    for at, entry in enumerate(entries):
        record = entry.record.replace(b'"process":"bot"', b'"process":"cat"') if at == 1 else entry.record
        chain = chain_value(chain, leaf_hash(record))
        entries[at] = replace(entry, record=record, chain=chain)
    ports.audit.verify()
    with pytest.raises(IntegrityError, match="seal 0 does not hold the 4 records before it"):
        check_seals(ports.seals)


def _change(ports, no, **members):
    ports.seals._seals[no] = replace(ports.seals._seals[no], **members)


@pytest.mark.parametrize("case", ["garbage", "swapped", "vkey", "tree", "note", "signature", "no note"])
def test_a_seal_or_checkpoint_that_was_altered_is_found(ports, case):
    seals, kept = ports.seals, ports.seals.seal(0)
    if case == "garbage":
        _change(ports, 0, data=b"{}")
    elif case == "swapped":
        _change(ports, 0, data=seals.seal(1).data)
    elif case == "vkey":
        _change(ports, 0, vkey=make_seal(log_ports()).origin)
    elif case == "tree":
        _change(ports, 0, tree=Frontier(1, [bytes(32)]))
    elif case == "note":
        seals._notes[1] = seals._notes[2]
    elif case == "signature":
        seals._notes[1] = seals._notes[1].replace(kept.vkey.split("+")[0] + "\n1", "keyguard/other\n1")
    else:
        seals._notes[1] = "nothing"
    with pytest.raises(IntegrityError, match="seal 0 "):
        check_seals(seals)
