"""Audit log in memory, of real records in a real chain.

It passes the contract of the real one (tests/stores/contract_audit.py). Beyond it, the fake venue may have
a stream, although it has no slot of its own in KGA/1.
"""

from __future__ import annotations

import json
from datetime import timedelta

from keyguard.core import record as records
from keyguard.core.chain import CHAIN_START, Pruned, Stored, Walk, chain_value, leaf_hash
from keyguard.core.errors import StoreError, UsageError
from keyguard.core.record_types import check_body
from keyguard.core.slots import FIRM
from keyguard.kga import forms
from keyguard.ports.audit import Entry, Verified

FAKE_VENUE, SOME_VENUE = "examplex", "bybit"


class FakeAudit:
    def __init__(self, clock) -> None:
        self._clock = clock
        self._entries = []
        self._private = {}
        self._last = self._seen = None
        self.broken = False
        self.pruned = {}
        self.first = 0

    def append(self, stream, type_, body, *, private=None):
        if self.broken:
            raise StoreError("no space left for the audit log", code="log.full")
        try:
            check_body(SOME_VENUE if stream == FAKE_VENUE else stream, type_, body)
            hidden = None if private is None else records.private_bytes(private)
        except ValueError as error:
            raise UsageError(f"the log cannot take this {type_} record: {error}", code="log.record") from None
        decoded = json.loads(json.dumps(dict(body)))
        assert forms.fits_body(stream, type_, decoded), f"no verifier could read this {type_}: {decoded}"
        now = self._clock.now()
        if self._seen is not None and now < self._seen:
            step = (now - self._seen) // timedelta(milliseconds=1)
            self._write(now, FIRM, "clock.step", {"step_ms": step}, None)
        return self._write(now, stream, type_, body, hidden)

    def append_all(self, drafts):
        return tuple(self._answer(draft) for draft in drafts)

    def _answer(self, draft):
        try:
            return self.append(draft.stream, draft.type, draft.body, private=draft.private)
        except UsageError as error:
            return error

    def entries(self, *, stream=None, holding=b"", after=-1):
        for entry in tuple(self._entries):
            if entry.number in self.pruned or holding not in entry.record or entry.number <= after:
                continue
            if stream is None or json.loads(entry.record)["stream"] == stream:
                yield entry

    def verify(self, walk=None):
        walk = walk or Walk()
        for entry in self._entries:
            if entry.number in self.pruned:
                stream, n, leaf = self.pruned[entry.number]
                walk.step_pruned(Pruned(entry.number, stream, n, leaf, entry.chain))
                continue
            stream = json.loads(entry.record)["stream"]
            walk.step(
                Stored(entry.number, stream, entry.record, entry.chain, self._private.get(entry.number))
            )
        return Verified(walk.count, dict(walk.streams), walk.chain)

    def length(self):
        return len(self._entries)

    def private_part(self, number):
        return self._private.get(number)

    def private_parts(self, *, holding):
        return iter([(n, hidden) for n, (_, hidden) in sorted(self._private.items()) if holding in hidden])

    def forget_private(self, numbers):
        for number in numbers:
            self._private.pop(number, None)

    def prune(self, numbers):
        """For FakeSeals: forget these, but for what proofs need."""
        left = set(numbers) - self.pruned.keys()
        gone = [entry for entry in self._entries if entry.number in left]
        for entry in gone:
            record = json.loads(entry.record)
            self.pruned[entry.number] = record["stream"], record["n"], leaf_hash(entry.record)
            self._private.pop(entry.number, None)
        return len(gone)

    def private(self):
        """For tests: the private parts by number."""
        return {number: hidden for number, (_, hidden) in self._private.items()}

    def bodies(self, type_):
        """For tests: the bodies of all records of a type."""
        found = [json.loads(entry.record) for entry in self._entries]
        return [r["body"] for r in found if r["type"] == type_]

    def types(self):
        """For tests: the types of all records, in order."""
        return [json.loads(entry.record)["type"] for entry in self._entries]

    def _write(self, now, stream, type_, body, hidden):
        self._seen = now
        self._last = now if self._last is None else max(now, self._last)
        salt, opening = self._clock.token(records.SALT_SIZE), self._clock.token(records.OPENING_SIZE)
        priv = None if hidden is None else records.commitment(opening, hidden)
        if type_ == "log.genesis":
            self.first = len(self._entries)
        same = sum(json.loads(entry.record)["stream"] == stream for entry in self._entries[self.first :])
        data = records.encode(records.Record(stream, same, self._last, type_, body, salt.hex(), priv))
        before = self._entries[-1].chain if self._entries else CHAIN_START
        entry = Entry(len(self._entries), data, chain_value(before, leaf_hash(data)))
        self._entries.append(entry)
        if hidden is not None:
            self._private[entry.number] = (opening, hidden)
        return entry
