"""Preserve what the log says of an incident: a copy of its records with the chain that binds them, sealed.

A package holds `records.jsonl` (each record's exact bytes, its chain value and, where it is kept, its private
part), `proof.json` (the chain value before the first record, and where the log ended), `incident.json`, and
`SHA256SUMS` over these, written last: without it the package is not whole. The digest of `SHA256SUMS` is
recorded in the log itself, so neither can be changed without the other telling.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from keyguard.core.canonical import parse_instant
from keyguard.core.chain import CHAIN_START, chain_value, leaf_hash
from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.incidents import Incident, Step
from keyguard.core.record import commitment
from keyguard.ports.all import Ports
from keyguard.ports.audit import Entry
from keyguard.workflows import incidents
from keyguard.workflows.identity import Actor
from keyguard.workflows.incident_document import document
from keyguard.workflows.records import instant

BEFORE = timedelta(days=30)
"""How far before its detection an incident is looked back at where nobody says."""
SUMS = "SHA256SUMS"
_FILES = ("records.jsonl", "proof.json", "incident.json")


class Package(Protocol):
    """A folder that only its owner may read. StoreError for what the disk reports."""

    def write(self, name: str, chunks: Iterable[bytes]) -> str:
        """Write a file, wholly or not at all and on disk before this returns; its SHA-256 in hex."""
        ...

    def read(self, name: str) -> Iterator[bytes]:
        """The lines of a file, with their ends; StoreError `store.missing`."""
        ...


@dataclass(frozen=True, slots=True)
class Preserved:
    """A package that is whole. `first` and `last` are numbers of records; `sums_sha256` seals it."""

    name: str
    first: int
    last: int
    sums_sha256: str


def preserve(
    ports: Ports, wanted: str, package: Callable[[str, str], Package], *, actor: Actor, since: datetime | None
) -> tuple[Incident, Preserved]:
    """Copy the log from `since` (None: 30 days before the detection) to its end; record that, sealed.

    `package` makes the folder of an incident and a package. The log is verified first: IntegrityError
    where it does not match, and then nothing is copied. UsageError `incident.over`, `incident.range`.
    """
    incident = incidents.standing(ports, ports.incidents.find(wanted).id)
    ports.audit.verify()
    start = since or incident.detected_at - BEFORE
    before, first = CHAIN_START, None
    for entry in ports.audit.entries():
        if parse_instant(json.loads(entry.record)["t"]) >= start:
            first = entry
            break
        before = entry.chain
    if first is None:
        raise UsageError(
            "the log holds nothing since then", code="incident.range", still="nothing was copied"
        )
    end = _Last(first)
    name = f"log-{first.number:09}-{ports.clock.now():%Y%m%dT%H%M%S}"
    target = package(incident.id, name)
    sums = {"records.jsonl": target.write("records.jsonl", _lines(ports, first.number, end))}
    proof = {
        "form": "keyguard/incident-log/1",
        "made_at": instant(ports.clock.now()),
        "first": first.number,
        "last": end.entry.number,
        "chain_before": before.hex(),
        "chain_after": end.entry.chain.hex(),
    }
    sums["proof.json"] = target.write("proof.json", [_json(proof)])
    sums["incident.json"] = target.write("incident.json", [_json(document(incident))])
    seal = target.write(SUMS, (f"{sums[name]}  {name}\n".encode() for name in _FILES))
    made = Preserved(name, first.number, end.entry.number, seal)
    text = f"records {made.first} to {made.last} of the log, sha256 of {SUMS}: {seal}"
    after = incidents.add_event(ports, incident.id, Step.PRESERVED, text, actor=actor)
    return after, made


def check(package: Package, incident: Incident) -> int:
    """How many records a package holds, once it is seen to be as it was made; IntegrityError if it is not.

    1 the log's note of the incident names the digest of its list; 2 each file has the digest of the list;
    3 every record leads by the chain from the value before the first to that of the last; 4 each private part
    is the one its record commits to.
    """
    listed = b"".join(package.read(SUMS))
    seal = hashlib.sha256(listed).hexdigest()
    if not any(event.step is Step.PRESERVED and seal in event.text for event in incident.events):  # 1
        raise _altered(f"{SUMS} is not the one that was recorded")
    if listed != b"".join(f"{_digest(package, name)}  {name}\n".encode() for name in _FILES):  # 2
        raise _altered("a file is not the one that was preserved")
    proof = json.loads(b"".join(package.read("proof.json")))
    chain, count = bytes.fromhex(proof["chain_before"]), 0
    for line in package.read("records.jsonl"):
        one = json.loads(line)
        data = one["record"].encode()
        chain = chain_value(chain, leaf_hash(data))
        if one["number"] != proof["first"] + count or one["chain"] != chain.hex():  # 3
            raise _altered(f"record {one['number']} does not match its chain value")
        if "private" in one:
            made = commitment(bytes.fromhex(one["opening"]), one["private"].encode())
            if made != json.loads(data).get("priv"):  # 4
                raise _altered(f"record {one['number']} does not match its private part")
        count += 1
    if chain.hex() != proof["chain_after"]:  # 3
        raise _altered("records are missing at the end")
    return count


@dataclass(slots=True)
class _Last:
    entry: Entry


def _lines(ports: Ports, first: int, end: _Last) -> Iterator[bytes]:
    """Each record as a line; `end` has the last one afterwards."""
    for entry in ports.audit.entries():
        if entry.number < first:
            continue
        end.entry = entry
        line: dict[str, Any] = {
            "number": entry.number,
            "record": entry.record.decode(),
            "chain": entry.chain.hex(),
        }
        if (hidden := ports.audit.private_part(entry.number)) is not None:
            opening, private = hidden
            line |= {"opening": opening.hex(), "private": private.decode()}
        yield _json(line)


def _digest(package: Package, name: str) -> str:
    digest = hashlib.sha256()
    for line in package.read(name):
        digest.update(line)
    return digest.hexdigest()


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _altered(what: str) -> IntegrityError:
    return IntegrityError(what, code="incident.altered", hint="keep the package and the database as they are")
