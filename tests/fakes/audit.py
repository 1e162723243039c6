"""Audit log in memory, with the text rules of KGA/1 §4 that a workflow could break."""

from __future__ import annotations

import hashlib
import json
import unicodedata

from keyguard.core.errors import StoreError, UsageError
from keyguard.ports.audit import Entry, Verified


class FakeAudit:
    def __init__(self) -> None:
        self._entries = []
        self.broken = False

    def append(self, stream, type_, body, *, private=None):
        if self.broken:
            raise StoreError("no space left for the audit log", code="log.full")
        _check(dict(body))
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


def _check(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            assert name.isascii() and name.islower(), name
            _check(inner)
    elif isinstance(value, list):
        for inner in value:
            _check(inner)
    elif isinstance(value, str):
        if len(value) > 500 or any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") for c in value):
            raise UsageError("text breaks the rules", code="log.text")
    else:
        assert isinstance(value, bool | int), f"no {type(value).__name__} in a record"
