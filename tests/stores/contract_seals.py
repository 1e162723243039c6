"""What is true of every Seals. A subclass gives the fixtures `audit` and `seals`."""

from __future__ import annotations

import pytest

from keyguard.core.errors import IntegrityError, UsageError
from keyguard.kga.merkle import Frontier, frontier, leaf_hash
from keyguard.ports.audit import AuditLog
from keyguard.ports.seals import KeptSeal, Seals
from tests.stores.contract_audit import HANDOUT


def tree(size: int) -> Frontier:
    return frontier(leaf_hash(b"%d" % n) for n in range(size))


def kept(no: int, records: int = 0) -> KeptSeal:
    leaves = frontier(leaf_hash(b"seal %d" % n) for n in range(no + 1))
    return KeptSeal(no, b"seal %d" % no, records, "keyguard/FAKE", leaves)


def plain(seal: KeptSeal | None) -> object:
    assert seal is not None
    return seal.no, seal.data, seal.records, seal.vkey, seal.tree.size, seal.tree.hashes


class SealsContract:
    """Run on every store and fake."""

    def test_a_fresh_log_has_none(self, seals: Seals) -> None:
        assert (seals.last(), seals.leaves(), seals.checkpoint()) == (None, (), None)
        with pytest.raises(UsageError):
            seals.seal(0)

    def test_a_seal_reads_back_with_its_secret_and_the_streams_then(self, seals: Seals) -> None:
        seals.add(kept(0, 3), b"a" * 32, {"upbit": tree(3)})
        seals.add(kept(1, 3), b"b" * 32, {})
        seals.add(kept(2, 8), b"c" * 32, {"upbit": tree(6), "firm": tree(2)})
        assert plain(seals.last()) == plain(kept(2, 8))
        assert plain(seals.seal(1)) == plain(kept(1, 3))
        assert [seals.secret(no) for no in range(3)] == [b"a" * 32, b"b" * 32, b"c" * 32]
        assert seals.leaves(1) == (leaf_hash(b"seal 1"), leaf_hash(b"seal 2"))
        then = {name: (one.size, one.root()) for name, one in seals.streams(1).items()}
        assert then == {"upbit": (3, tree(3).root())}
        assert {name: one.size for name, one in seals.streams(2).items()} == {"upbit": 6, "firm": 2}

    def test_only_the_next_seal_is_taken(self, seals: Seals) -> None:
        seals.add(kept(0), b"a" * 32, {})
        for no in (0, 2):
            with pytest.raises(IntegrityError) as caught:
                seals.add(kept(no), b"b" * 32, {})
            assert caught.value.code == "seal.place"
        assert len(seals.leaves()) == 1

    def test_no_two_checkpoints_of_one_size(self, seals: Seals) -> None:
        seals.sign(1, "a note\n")
        seals.sign(1, "a note\n")
        seals.sign(3, "another\n")
        with pytest.raises(IntegrityError) as caught:
            seals.sign(1, "a fork\n")
        assert caught.value.code == "checkpoint.forked"
        assert (seals.checkpoint(), seals.checkpoint(1), seals.checkpoint(2)) == (
            (3, "another\n"),
            (1, "a note\n"),
            None,
        )

    def test_anchors_stay_with_their_checkpoint_in_order(self, seals: Seals) -> None:
        seals.sign(1, "a note\n")
        seals.sign(2, "another\n")
        for line in ("w2\n", "w1\n", "w2\n"):
            seals.cosign(1, line)
        seals.stamp(1, b"reply")
        seals.stamp(1, b"reply")
        assert (seals.cosignatures(1), seals.cosignatures(2)) == (("w2\n", "w1\n"), ())
        assert (seals.stamps(1), seals.stamps(2)) == ((b"reply",), ())

    def test_pruning_keeps_what_proofs_need_and_takes_only_what_is_signed(
        self, audit: AuditLog, seals: Seals
    ) -> None:
        entries = [audit.append("bybit", "handout", HANDOUT, private={"pid": n}) for n in range(6)]
        seals.add(kept(0, 4), b"a" * 32, {})
        seals.sign(1, "a note\n")
        with pytest.raises(IntegrityError) as caught:
            seals.prune((1, 4))
        assert caught.value.code == "prune.unsealed"
        assert len(list(audit.entries())) == 6
        before = audit.verify()
        assert seals.prune((0, 2, 3)) == 3
        assert seals.prune((2,)) == 0
        assert seals.pruned("bybit") == {n: leaf_hash(entries[n].record) for n in (0, 2, 3)}
        assert seals.pruned("upbit") == {}
        assert list(audit.entries()) == [entries[1], *entries[4:]]
        assert audit.verify() == before
        audit.append("bybit", "handout", HANDOUT)
        assert audit.verify().records == 7

    def test_the_chain_is_known_after_any_record_pruned_or_not(self, audit: AuditLog, seals: Seals) -> None:
        entries = [audit.append("bybit", "handout", HANDOUT) for _ in range(3)]
        seals.add(kept(0, 3), b"a" * 32, {})
        seals.sign(1, "a note\n")
        seals.prune((1,))
        assert [seals.chain_after(n) for n in (1, 2, 3)] == [entry.chain for entry in entries]
        assert seals.chain_after(4) is None

    def test_entries_after_a_number(self, audit: AuditLog) -> None:
        entries = [audit.append("bybit", "handout", HANDOUT) for _ in range(4)]
        assert list(audit.entries(after=1)) == entries[2:]
        assert list(audit.entries(stream="bybit", after=3)) == []
