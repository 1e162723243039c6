"""Audit log in memory; bodies are checked as the real one checks them."""

from __future__ import annotations

import hashlib
import json

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.record_types import check_body
from keyguard.core.slots import FIRM
from keyguard.ports.audit import Entry, Verified

SOME_VENUE = "bybit"
"""The fake venue has no slot of its own in KGA/1."""


class FakeAudit:
    def __init__(self) -> None:
        self._entries = []
        self.broken = False

    def append(self, stream, type_, body, *, private=None):
        if self.broken:
            raise StoreError("no space left for the audit log", code="log.full")
        try:
            check_body(stream if stream == FIRM else SOME_VENUE, type_, body)
        except ValueError as error:
            raise UsageError(f"the log cannot take this {type_} record: {error}", code="log.record") from None
        same = sum(1 for _ in self.entries(stream=stream))
        record = {"body": body, "n": same, "stream": stream, "type": type_, "v": 1}
        text = json.dumps(record, sort_keys=True, ensure_ascii=False).encode()
        last = self._entries[-1].chain if self._entries else bytes(32)
        leaf = hashlib.sha256(b"\0" + text).digest()
        entry = Entry(len(self._entries), text, hashlib.sha256(b"\2" + last + leaf).digest())
        self._entries.append(entry)
        return entry

    def entries(self, *, stream=None):
        for entry in tuple(self._entries):
            if stream is None or json.loads(entry.record)["stream"] == stream:
                yield entry

    def verify(self):
        return Verified(len(self._entries), {}, bytes(32))

    def bodies(self, type_):
        """For tests: the bodies of all records of a type."""
        records = [json.loads(entry.record) for entry in self._entries]
        return [r["body"] for r in records if r["type"] == type_]

    def types(self):
        """For tests: the types of all records, in order."""
        return [json.loads(entry.record)["type"] for entry in self._entries]
