"""RFC 6962 trees over SHA-256 (KGA/1 §6.1): roots, frontiers, paths.

A frontier is what a tree of some size leaves behind for those who only want to see it grow: the roots of its
perfect subtrees, largest first. With it and all later leaves every later root can be computed, so it takes
the place of consistency proofs and of range proofs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from keyguard.core.chain import leaf_hash as leaf_hash

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that grows by leaf hashes. `size` leaves are in it; `hashes` are its perfect subtrees."""

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Take up a tree where it was left; ValueError unless `size` has a binary 1 for each hash."""
        self._hashes = list(hashes)
        self.size = size
        if size < 0 or len(self._hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has not {len(self._hashes)} perfect subtrees")
        if any(len(one) != HASH_SIZE for one in self._hashes):
            raise ValueError(f"a hash is not {HASH_SIZE} bytes long")

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, largest first."""
        return tuple(self._hashes)

    def push(self, leaf: bytes) -> None:
        """Append a leaf by its hash."""
        merges = self.size
        while merges & 1:
            leaf = node_hash(self._hashes.pop(), leaf)
            merges >>= 1
        self._hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        if not self._hashes:
            return EMPTY_ROOT
        folded = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            folded = node_hash(left, folded)
        return folded

    def copy(self) -> Frontier:
        """The same tree, to be grown on its own."""
        return Frontier(self.size, self._hashes)


def frontier(leaves: Iterable[bytes]) -> Frontier:
    """The frontier of the tree over these leaf hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree.push(leaf)
    return tree


def root(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree over these leaf hashes."""
    return frontier(leaves).root()


def path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The inclusion path of one leaf, from its sibling up; IndexError where there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    found: list[bytes] = []
    level, at = list(leaves), index
    while len(level) > 1:
        if (sibling := at ^ 1) < len(level):
            found.append(level[sibling])
        level = [
            node_hash(level[i], level[i + 1]) if i + 1 < len(level) else level[i]
            for i in range(0, len(level), 2)
        ]
        at >>= 1
    return tuple(found)


def root_from_path(leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes:
    """The root that an inclusion path leads to (RFC 9162 §2.1.3.2).

    Raises ValueError for a path whose length does not fit a leaf at this place in a tree of this size.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    at, last, value = index, size - 1, leaf
    for one in hashes:
        if len(one) != HASH_SIZE:
            raise ValueError(f"a hash is not {HASH_SIZE} bytes long")
        if last == 0:
            raise ValueError("the path is too long")
        if at & 1 or at == last:
            value = node_hash(one, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node_hash(value, one)
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return value
