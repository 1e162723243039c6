"""What the log opens verifies as a bundle's evidence, pruned records included."""

from __future__ import annotations

import pytest

from keyguard.kga import bundle, checkpoints, merkle, slot_table
from keyguard.workflows.log_opening import log_part, snapshot_before, stream_part
from keyguard.workflows.seal import make_seal
from keyguard.workflows.snapshot import write_snapshot
from tests.fakes.sealing import HANDOUT, log_ports


def root_of(part):
    tree = merkle.Frontier(part.start, part.frontier)
    for line in part.lines:
        gone = bundle.withheld(line)
        tree.push(merkle.leaf_hash(line) if gone is None else gone[0])
    return tree.size, tree.root()


@pytest.mark.parametrize("start", [0, 1, 4, 6])
def test_a_stream_opens_from_anywhere(start):
    ports = log_ports()
    for _ in range(4):
        ports.audit.append("upbit", "handout", HANDOUT)
    made = make_seal(ports)
    ports.audit.append("upbit", "handout", HANDOUT)  # after the seal: not in it
    upbit = [entry.number for entry in ports.audit.entries(stream="upbit")]
    ports.seals.prune((upbit[0], upbit[3]))
    part = stream_part(ports, made, "upbit", start)
    slot = slot_table.parse(part.slot)
    assert root_of(part) == (slot.size, slot.root) == (6, made.streams["upbit"].root())
    assert sum(bundle.withheld(line) is not None for line in part.lines) == {0: 2, 1: 1}.get(start, 0)
    assert merkle.root_from_path(slot.leaf(), slot.number, 1024, part.path) == made.seal.table


def test_a_log_reads_back_from_its_entries():
    ports = log_ports()
    make_seal(ports)
    ports.audit.append("upbit", "handout", HANDOUT)
    made = make_seal(ports)
    part = log_part(ports, made, {"venue": ("upbit", 1), "firm": ("firm", 0)}, seals_from=1)
    (read,) = bundle.logs_of(part.entries())
    assert read == part
    proof = checkpoints.parse_proof(read.proof)
    assert proof.includes(made.seal.leaf())
    seals = merkle.Frontier(read.seals_from, read.seals_frontier)
    for leaf in read.seal_leaves:
        seals.push(leaf)
    assert seals.root() == proof.checkpoint.root


def test_an_unused_slot_opens_too():
    ports = log_ports()
    part = stream_part(ports, make_seal(ports), "bithumb")
    assert (slot_table.parse(part.slot).size, part.lines) == (0, ())


def test_a_period_is_read_from_the_newest_snapshot_before_it():
    ports = log_ports()
    write_snapshot(ports, "upbit")
    ports.clock.sleep(60)
    write_snapshot(ports, "upbit")
    assert snapshot_before(ports, "upbit", "2026-11-20T08:59:59.000000Z") == 0
    assert snapshot_before(ports, "upbit", "2026-11-20T09:00:30.000000Z") == 2
    assert snapshot_before(ports, "upbit", "2026-11-20T09:01:00.000000Z") == 4
