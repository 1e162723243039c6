"""A firm with a log, built in memory: records, seals, statements, bundles, and what a cheat makes of them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keyguard.core import canonical
from keyguard.core.record import Record, commitment, encode, parse, private_bytes
from keyguard.kga import (
    bundle,
    checkpoints,
    container,
    dsse,
    merkle,
    notes,
    seals,
    slot_table,
    statement,
    texts,
)
from keyguard.kga.derive.derived import derive
from keyguard.kga.derive.derived import encode as encode_derived
from keyguard.kga.derive.lines import Line, Period
from keyguard.kga.private_parts import Opening
from keyguard.kga.verify.opening import Wanted
from keyguard.kga.verify.rows import register_root
from keyguard.kga.verify.trust import Attester, Trust

START = canonical.parse_instant("2026-07-01T00:00:00.000000Z")
FIRM = {
    "name_local": "가짜 주식회사",
    "name_latin": "FAKE Trading",
    "registration_no": "000-00",
    "country": "KR",
}
KEY = "5a" * 32
PERSON = "p_" + "01" * 10
OTHER = "p_" + "02" * 10
HOST = "h_" + "0b" * 10
APPROVAL, GRANT = "ap_" + "11" * 8, "gr_" + "22" * 8


def private(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def public(seed: int) -> bytes:
    return private(seed).public_key().public_bytes_raw()


def at(day: float) -> datetime:
    return START + timedelta(days=day)


@dataclass
class Log:
    """One log: records of its streams, and the seals made so far."""

    log_id: str = "0f1e2d3c4b5a6978"
    role: str = "primary"
    seed: int = 1
    streams: dict[str, list[bytes]] = field(default_factory=dict)
    leaves: list[bytes] = field(default_factory=list)
    sealed: list[tuple[seals.Seal, slot_table.SlotTable]] = field(default_factory=list)
    private: dict[str, list[Opening]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"keyguard/{self.log_id}"

    @property
    def vkey(self) -> notes.VerifierKey:
        return notes.VerifierKey(self.origin, notes.ED25519, public(self.seed))

    def add(self, day: float, stream: str, type_: str, **body: Any) -> None:
        """`private`: the record's private part."""
        body = {name.rstrip("_"): value for name, value in body.items()}
        hidden = body.pop("private", None)
        held = self.streams.setdefault(stream, [])
        digest = hashlib.sha256(f"{stream}{len(held)}".encode())
        priv = None
        if hidden is not None:
            one = Opening(len(held), digest.digest(), private_bytes(hidden))
            self.private.setdefault(stream, []).append(one)
            priv = commitment(one.opening, one.private)
        held.append(encode(Record(stream, len(held), at(day), type_, body, digest.hexdigest()[:32], priv)))

    def seal(self, day: float) -> None:
        roots = {
            name: (len(held), merkle.root(merkle.leaf_hash(one) for one in held))
            for name, held in self.streams.items()
        }
        table = slot_table.SlotTable(roots, bytes([len(self.sealed)]) * 32)
        seal = seals.Seal(len(self.sealed), at(day), bytes(32), table.root())
        self.sealed.append((seal, table))
        self.leaves.append(seal.leaf())

    def note(self, *witnesses: tuple[str, int, int]) -> notes.Note:
        head = str(checkpoints.Checkpoint(self.origin, len(self.leaves), merkle.root(self.leaves)))
        lines = [notes.sign(head, self.vkey, private(self.seed).sign)]
        for name, seed, time in witnesses:
            key = notes.VerifierKey(name, notes.COSIGNATURE, public(seed))
            lines.append(notes.cosign(head, key, private(seed).sign, time))
        return notes.Note(head, tuple(lines))


def firm_log() -> Log:
    """One key of one person at Upbit, in use for 90 days, with a heartbeat each day."""
    made = _firm_log()
    streams = {name: list(held) for name, held in made.streams.items()}
    private = {name: list(held) for name, held in made.private.items()}
    return replace(made, streams=streams, leaves=list(made.leaves), sealed=list(made.sealed), private=private)


@cache
def _firm_log() -> Log:
    """Made once: a seal hashes a table of 1,024 slots."""
    log = Log()
    log.add(
        0,
        "firm",
        "log.genesis",
        log_id=log.log_id,
        origin=log.origin,
        role="primary",
        firm=FIRM,
        tool_version="0",
        slots=1024,
        registry=1,
    )
    log.add(
        0,
        "firm",
        "signer.add",
        role="attester",
        public_key=_base64(public(2)),
        label="officer",
        from_=instant(0),
    )
    log.add(
        0,
        "upbit",
        "key.register",
        key=KEY,
        account="MM-01",
        kind="hmac",
        purpose="quoting",
        desk="spot",
        owner=PERSON,
        scopes_granted=["read", "trade_spot"],
        scopes_needed=["read", "trade_spot"],
        scopes_venue={},
        ip_allow=["203.0.113.10"],
        ip_supported=True,
        created_at=instant(0),
        storage="os_keyring",
        source="created_here",
    )
    log.add(
        0,
        "upbit",
        "key.observe",
        key=KEY,
        by="venue_api",
        scopes_granted=["read", "trade_spot"],
        ip_allow=["203.0.113.10"],
        status="enabled",
    )
    log.add(
        0, "upbit", "approval.request", approval=APPROVAL, action="grant", subject={}, by=OTHER, reason="new"
    )
    log.add(0, "upbit", "approval.decide", approval=APPROVAL, by="p_" + "03" * 10, decision="approve")
    log.add(
        0,
        "upbit",
        "access.grant",
        grant=GRANT,
        key=KEY,
        person=PERSON,
        capacity="employee",
        from_=instant(0),
        basis="quoting",
        approval=APPROVAL,
    )
    for day in range(1, 92):
        log.add(day, "firm", "log.heartbeat", host=HOST, seq=day)
        if day % 10 == 0:
            log.add(day, "firm", "clock.check", offset_ms=3, source="venue", ok=True)
            log.add(
                day + 0.5,
                "upbit",
                "handout",
                key=KEY,
                grant=GRANT,
                person=PERSON,
                host=HOST,
                process="bot",
                mode="env",
                lease_s=600,
            )
            log.seal(day + 0.6)
    return log


def instant(day: float) -> str:
    return canonical.format_instant(at(day))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass
class Making:
    """What a bundle is made from; a cheat changes something before, between or after."""

    log: Log
    since: float = 0
    until: float = 90
    serial: int = 1
    start: int = 0
    previous: Mapping[str, Any] | None = None
    signers: tuple[int, ...] = (2,)
    seal_no: int = -1
    seals_from: int = 0
    venue: str = "upbit"
    witnesses: tuple[tuple[str, int, int], ...] = ()
    change: Callable[[dict[str, Any]], None] = lambda predicate: None
    change_part: Callable[[bundle.LogPart], bundle.LogPart] = lambda part: part
    change_derived: Callable[[dict[str, Any]], None] = lambda derived: None

    def part(self) -> bundle.LogPart:
        seal, table = self.log.sealed[self.seal_no]
        proof = checkpoints.SealProof(
            seal.no, merkle.path(self.log.leaves, seal.no), self.log.note(*self.witnesses)
        )
        before = merkle.frontier(self.log.leaves[: self.seals_from])
        streams = {
            "venue": self._stream(table, self.venue, self.start),
            "firm": self._stream(table, "firm", 0),
        }
        return bundle.LogPart(
            self.log.log_id,
            seal.encode(),
            str(proof),
            self.seals_from,
            before.hashes,
            tuple(self.log.leaves[self.seals_from :]),
            streams,
        )

    def _stream(self, table: slot_table.SlotTable, name: str, start: int) -> bundle.StreamPart:
        number = slot_table.slot(name)
        opened = table.slots[number]
        held = self.log.streams.get(name, [])[: opened.size]
        before = merkle.frontier(merkle.leaf_hash(one) for one in held[:start])
        return bundle.StreamPart(
            opened.encode(), table.path(number), start, before.hashes, tuple(held[start:])
        )

    def period(self) -> Period:
        return Period(instant(self.since), instant(self.until), "Asia/Seoul")

    def derived(self) -> dict[str, Any]:
        return derive(self.lines(), self.period(), seals=self.log.sealed[self.seal_no][0].no + 1)

    def lines(self) -> list[Line]:
        """The records shown; what is none is left out."""
        _, table = self.log.sealed[self.seal_no]
        read = []
        for name, start in ((self.venue, self.start), ("firm", 0)):
            held = self.log.streams.get(name, [])[: table.slots[slot_table.slot(name)].size]
            read += [Line(self.log.log_id, one) for one in map(_read, held[start:]) if one is not None]
        return read

    def entries(self) -> dict[str, bytes]:
        """All entries but the envelopes."""
        derived = self.derived()
        self.change_derived(derived)
        return self.change_part(self.part()).entries() | {bundle.DERIVED: encode_derived(derived)}

    def predicate(self) -> dict[str, Any]:
        seal, table = self.log.sealed[self.seal_no]
        derived = self.derived()
        venue, firm = table.slots[slot_table.slot(self.venue)], table.slots[0]
        made: dict[str, Any] = {
            "spec": "kga/1",
            "attestation_id": f"KGA-{self.log.log_id[:8]}-{self.venue}-{self.serial:04d}",
            "serial": self.serial,
            "firm": FIRM,
            "recipient": {"venue": self.venue, "kind": "exchange", "name": "Upbit"},
            "profile": "venue",
            "period": {"from": instant(self.since), "to": instant(self.until), "tz": "Asia/Seoul"},
            "issued_at": instant(self.until + 1),
            "valid_until": instant(self.until + 91),
            "nonce": None,
            "officer": {
                "name_local": "김가짜",
                "name_latin": "Kim FAKE",
                "title_local": "준법감시인",
                "title_latin": "Compliance Officer",
                "key_sha256": dsse.keyid(public(2)),
            },
            "preparer": {"name_local": "이가짜", "name_latin": "Lee FAKE"},
            "reservations": [],
            "fingerprint_salt": "00" * 32,
            "logs": [
                {
                    "log_id": self.log.log_id,
                    "origin": self.log.origin,
                    "vkey": str(self.log.vkey),
                    "role": self.log.role,
                    "seal_no": seal.no,
                    "checkpoint_size": len(self.log.leaves),
                    "from": self.start,
                    "to": venue.size,
                    "root": venue.root.hex(),
                    "firm_size": firm.size,
                    "firm_root": firm.root.hex(),
                    "previous": None,
                }
            ],
            "previous": self.previous,
            "withheld": {"records": 0, "why": {}},
            "register": {
                "rows": len(derived["register"]),
                "root": register_root(derived["register"], b"\x09" * 32).hex(),
                "row_secret": "09" * 32,
            },
            "people_disclosed": [],
            "anchors": [],
            "declared_limits": ["L1", "L2", "L3", "L4", "L5", "L6"],
            "tool": {"name": "keyguard", "version": "0", "wheel_sha256": None},
        }
        against = texts.blocked(derived)
        made["statement_text"] = {
            language: texts.statement(language, made, against, period="2026-07-01 – 2026-09-28")
            for language in ("ko", "en")
        }
        made["reservations"] = texts.reservations(against)
        self.change(made)
        return made

    def bundle(self) -> bytes:
        """The finished file."""
        entries = self.entries()
        said = statement.Statement(statement.ATTESTATION, statement.subject(entries), self.predicate())
        signers = [(public(seed), private(seed).sign) for seed in self.signers]
        envelope = dsse.sign(statement.encode(said), dsse.IN_TOTO, signers)
        return container.pack(entries | {bundle.STATEMENT: envelope.encode()})


def _read(data: bytes) -> Record | None:
    try:
        return parse(data)
    except ValueError:
        return None


def trust(log: Log, **more: Any) -> Trust:
    return Trust("FAKE Trading", {log.origin: log.vkey}, (Attester("officer", public(2)),), **more)


def wanted(day: float = 92, **more: Any) -> Wanted:
    return Wanted(at(day), recipient="upbit", **more)


def again(making: Making, **changes: Any) -> Making:
    return replace(making, **changes)
