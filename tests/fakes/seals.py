"""Seals in memory. They pass the contract of the real ones (tests/stores/contract_seals.py)."""

from __future__ import annotations

from keyguard.core.chain import leaf_hash
from keyguard.core.errors import IntegrityError, UsageError


class FakeSeals:
    def __init__(self, audit) -> None:
        self._audit = audit
        self._begin()

    def _begin(self):
        self._first = self._audit.first
        self._seals = []
        self._secrets = []
        self._grown = []
        self._notes = {}
        self._anchors = []

    def first(self):
        if self._first != self._audit.first:
            self._begin()  # the old log's are gone: nobody asks for them
        return self._first

    def last(self):
        self.first()
        return self._seals[-1] if self._seals else None

    def seal(self, no):
        if not 0 <= no < len(self._seals):
            raise UsageError("no such seal", code="seal.unknown")
        return self._seals[no]

    def add(self, seal, secret, grown):
        if seal.no != len(self._seals):
            raise IntegrityError("not the next seal", code="seal.place")
        self._seals.append(seal)
        self._secrets.append(secret)
        self._grown.append({name: tree.copy() for name, tree in grown.items()})

    def secret(self, no):
        self.seal(no)
        return self._secrets[no]

    def streams(self, no):
        found = {}
        for grown in self._grown[: no + 1]:
            found |= {name: tree.copy() for name, tree in grown.items()}
        return found

    def chain_after(self, records):
        return next((e.chain for e in self._audit._entries if e.number == records - 1), None)

    def leaves(self, start=0):
        return tuple(leaf_hash(one.data) for one in self._seals[start:])

    def sign(self, size, note):
        if self._notes.setdefault(size, note) != note:
            raise IntegrityError("another checkpoint", code="checkpoint.forked")

    def checkpoint(self, size=None):
        self.first()
        sizes = [one for one in self._notes if size in (None, one)]
        return (max(sizes), self._notes[max(sizes)]) if sizes else None

    def cosign(self, size, line):
        self._anchor(size, line)

    def cosignatures(self, size):
        return tuple(one for at, one in self._anchors if at == size and isinstance(one, str))

    def stamp(self, size, reply):
        self._anchor(size, reply)

    def stamps(self, size):
        return tuple(one for at, one in self._anchors if at == size and isinstance(one, bytes))

    def prune(self, numbers):
        size = max(self._notes, default=0)
        if numbers and max(numbers) >= (self._seals[size - 1].records if size else 0):
            raise IntegrityError("not sealed", code="prune.unsealed")
        return self._audit.prune(numbers)

    def pruned(self, stream):
        mine = {number: one for number, one in self._audit.pruned.items() if number >= self.first()}
        return {n: leaf for name, n, leaf in mine.values() if name == stream}

    def _anchor(self, size, anchor):
        if (size, anchor) not in self._anchors:
            self._anchors.append((size, anchor))
