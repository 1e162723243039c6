"""Random changes to a genuine bundle: of single bytes, and of its parts, signed again or not."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from keyguard.core import canonical
from keyguard.kga import bundle, container, dsse, statement
from keyguard.kga.verdict import Exit
from keyguard.kga.verify.opening import Wanted
from keyguard.kga.verify.steps import verify
from tests.kga import alone
from tests.kga.making import Making, firm_log, private, public, trust, wanted

Entries = dict[str, bytes]


class Mutations:
    """A genuine bundle with reading copies, and an anchor that counts for nothing: a venue's or another."""

    def __init__(self, making: Making | None = None, asked: Wanted | None = None) -> None:
        making = making or Making(firm_log())
        self.log, self.asked = making.log, asked or wanted()
        self.plain = making.bundle()
        self.entries = container.unpack(self.plain)
        self.entries["anchors/statement.tsr"] = b"no reply of an authority"
        self.entries["reading/verify.txt"] = b"how to verify"
        self.entries[bundle.RENDERINGS] = self._renderings(self.entries)
        self.data = container.pack(self.entries)
        self.trust = trust(self.log)

    def one(self, random: Random) -> bytes:
        """A bundle that is not the genuine one in at least one byte outside `anchors/`."""
        while True:
            change = random.choice([self._byte, self._entries, self._signed_again, self._signed_again])
            data = change(random)
            if data not in (self.data, self.plain) and not self._same_but_anchors(data):
                return data

    def judge(self, data: bytes) -> tuple[int, int | None]:
        """Exit status and first failed step, the same of both verifiers; AssertionError where it is sound."""
        report = verify(data, self.trust, self.asked)
        alone.agrees(report, data, self.trust, self.asked)
        assert report.exit in (Exit.FAILED, Exit.MALFORMED), report.checks
        return int(report.exit), next(one.step for one in report.checks if one.outcome > Exit.WARNINGS)

    def _same_but_anchors(self, data: bytes) -> bool:
        try:
            entries = container.unpack(data)
        except ValueError:
            return False
        return {n: d for n, d in entries.items() if not n.startswith("anchors/")} == {
            n: d for n, d in self.entries.items() if not n.startswith("anchors/")
        }

    def _byte(self, random: Random) -> bytes:
        at = random.randrange(len(self.data))
        how = random.random()
        if how < 0.6:
            return self.data[:at] + bytes([self.data[at] ^ 1 << random.randrange(8)]) + self.data[at + 1 :]
        if how < 0.8:
            return self.data[:at] + self.data[at + 1 :]
        return self.data[:at] + random.randbytes(1) + self.data[at:]

    def _entries(self, random: Random) -> bytes:
        """What somebody does who can pack a file, but not sign."""
        entries = dict(self.entries)
        _change_entry(random, entries)
        return container.pack(entries)

    def _signed_again(self, random: Random) -> bytes:
        """What an insider does who holds the officer's key, but not the log's."""
        entries = {name: data for name, data in self.entries.items() if name.startswith("logs/")}
        entries[bundle.DERIVED] = self.entries[bundle.DERIVED]
        said = self._said()
        if random.random() < 0.3:
            predicate = canonical.decode(canonical.encode(said.predicate))
            name = change_member(random, predicate)
            if name in _FREE:  # what the signer says by themselves: nothing in the log contradicts it
                return self.data
            said = statement.Statement(said.kind, said.subject, predicate)
        else:
            _change_entry(random, entries)
        payload = canonical.encode(
            {
                "_type": statement.TYPE,
                "predicateType": said.kind,
                "predicate": dict(said.predicate),
                "subject": [
                    {"digest": {"sha256": digest}, "name": name}
                    for name, digest in sorted(statement.subject(entries).items())
                ],
            }
        )
        signed = dsse.sign(payload, dsse.IN_TOTO, [(public(2), private(2).sign)])
        return container.pack(entries | {bundle.STATEMENT: signed.encode()})

    def _said(self) -> statement.Statement:
        envelope = dsse.parse(self.entries[bundle.STATEMENT])
        return statement.parse(envelope.payload, statement.ATTESTATION)

    @staticmethod
    def _renderings(entries: Entries) -> bytes:
        payload = dsse.parse(entries[bundle.STATEMENT]).payload
        said = statement.Statement(
            statement.RENDERINGS,
            statement.subject({"reading/verify.txt": entries["reading/verify.txt"]}),
            {
                "statement_sha256": statement.subject({"": payload})[""],
                "tool": {"name": "keyguard", "version": "0", "wheel_sha256": None},
                "fonts": [],
            },
        )
        return dsse.sign(statement.encode(said), dsse.IN_TOTO, [(public(2), private(2).sign)]).encode()


_FREE = frozenset(
    "attestation_id firm recipient issued_at valid_until nonce preparer statement_text reservations "
    "fingerprint_salt people_disclosed anchors tool officer period profile declared_limits".split()
)
"""Members of a predicate that a signer may fill otherwise and still be right, or right for other records."""


def _change_entry(random: Random, entries: Entries) -> None:
    name = random.choice(sorted(entries))
    changes: list[Callable[[Random, Entries, str], None]] = [_drop, _add, _rename, _swap, _line, _member]
    random.choice(changes)(random, entries, name)


def _drop(random: Random, entries: Entries, name: str) -> None:
    del entries[name]


def _add(random: Random, entries: Entries, name: str) -> None:
    folder = random.choice(["", "logs/", name.rpartition("/")[0] + "/", "evidence/", "reading/"]).lstrip("/")
    entries[folder + random.choice(["x", "seal.json", "more.json", "records.jsonl"])] = entries[name]


def _rename(random: Random, entries: Entries, name: str) -> None:
    entries[name + "x"] = entries.pop(name)


def _swap(random: Random, entries: Entries, name: str) -> None:
    other = random.choice(sorted(entries))
    entries[name], entries[other] = entries[other], entries[name]


def _line(random: Random, entries: Entries, name: str) -> None:
    lines = entries[name].split(b"\n")
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    how = random.choice(["drop", "twice", "swap", "cut", "elsewhere"])
    if how == "drop":
        del lines[at]
    elif how == "twice":
        lines.insert(at, lines[at])
    elif how == "swap":
        lines[at], lines[other] = lines[other], lines[at]
    elif how == "cut":
        lines[at] = lines[at][: len(lines[at]) // 2]
    else:
        lines.insert(other, lines.pop(at))
    entries[name] = b"\n".join(lines)


def _member(random: Random, entries: Entries, name: str) -> None:
    """A change inside one JSON document, which stays in canonical form."""
    lines = entries[name].split(b"\n")
    at = random.randrange(len(lines))
    try:
        value = json.loads(lines[at])
    except ValueError:
        return
    if isinstance(value, dict) and value:
        change_member(random, value)
        lines[at] = canonical.encode(value)
        entries[name] = b"\n".join(lines)


def change_member(random: Random, value: dict[str, Any]) -> str:
    """Change something below one member; its name."""
    name = random.choice(sorted(value))
    below = value[name]
    if isinstance(below, dict) and below and random.random() < 0.8:
        change_member(random, below)
    elif isinstance(below, list) and below and random.random() < 0.8:
        _change_item(random, below)
    elif random.random() < 0.3:
        del value[name]
    elif random.random() < 0.2:
        value["x" + name[:100]] = below
    else:
        value[name] = _another(random, below)
    return name


def _change_item(random: Random, items: list[Any]) -> None:
    at = random.randrange(len(items))
    if isinstance(items[at], dict) and items[at] and random.random() < 0.7:
        change_member(random, items[at])
    elif random.random() < 0.5:
        del items[at]
    else:
        items[at] = _another(random, items[at])


def _another(random: Random, value: Any) -> Any:
    others: list[Any] = [None, 0, 1, True, "", "x", [], {}, -1, 2**53 - 1, "2026-07-01T00:00:00.000000Z"]
    if isinstance(value, str) and value:
        at = random.randrange(len(value))
        others += [value[:at] + random.choice("0123456789abcdefX") + value[at + 1 :]] * 20
    if type(value) is int:
        others += [value + 1, value - 1] * 5
    return random.choice(others)
