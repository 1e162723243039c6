"""Steps 1 to 4 of §14.2: the container, who signed, what was signed, and for whom."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from keyguard.core import canonical
from keyguard.core.record import parse
from keyguard.kga import bundle, container, dsse, forms, notes, statement
from keyguard.kga.verdict import Failed, Malformed
from keyguard.kga.verify.trust import Attester, Trust, public_key

AHEAD = timedelta(minutes=5)
"""How far the clocks of issuer and recipient may differ."""

_SIGNERS = ("signer.add", "signer.remove")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What this recipient asks of a bundle; `now` is UTC."""

    now: datetime
    recipient: str | None = None
    nonce: str | None = None
    max_age: timedelta | None = None
    min_serial: int = 1
    signatures: int = 1
    anchors: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """A bundle whose statement is signed and covers its entries."""

    entries: Mapping[str, bytes]
    payload: bytes
    predicate: Mapping[str, Any]
    signers: tuple[Attester, ...]
    warnings: list[str] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """The digest by which the statement is named everywhere."""
        return hashlib.sha256(self.payload).hexdigest()


def envelope_of(entries: Mapping[str, bytes], name: str) -> dsse.Envelope:
    """One of the two envelopes; Malformed where it is missing or none, Failed for another payload type."""
    if name not in entries:
        raise Malformed(f"{name} is missing")
    try:
        envelope = dsse.parse(entries[name])
        if envelope.encode() != entries[name]:
            raise ValueError("not in the one spelling of an envelope")
    except ValueError as error:
        raise Malformed(f"{name}: {error}") from None
    if envelope.payload_type != dsse.IN_TOTO:
        raise Failed(f"{name} holds a payload of another type")
    return envelope


def read_statement(envelope: dsse.Envelope, kind: str) -> statement.Statement:
    """The statement in an envelope; Failed unless it is one of this kind, in canonical form."""
    try:
        return statement.parse(envelope.payload, kind)
    except ValueError as error:
        raise Failed(f"the signed statement: {error}") from None


def unpack(data: bytes) -> dict[str, bytes]:
    """Step 1."""
    return container.unpack(data)


def signed(entries: Mapping[str, bytes], trust: Trust, required: int) -> Open:
    """Step 2: enough different pinned keys signed the statement, each within its time."""
    envelope = envelope_of(entries, bundle.STATEMENT)
    keys = envelope.signers([attester.public for attester in trust.attesters])
    if not keys:
        raise Failed("no pinned key signed the statement")
    said = read_statement(envelope, statement.ATTESTATION)
    issued = said.predicate["issued_at"]
    signers = tuple(one for one in trust.attesters if one.public in keys and one.valid_at(issued))
    needed = max(required, trust.signatures_required)
    if len({one.public for one in signers}) < needed:
        raise Failed(f"{len(signers)} pinned keys signed it that were valid when it was issued, not {needed}")
    if said.predicate["officer"]["key_sha256"] not in {dsse.keyid(one.public) for one in signers}:
        raise Failed("the officer it names is not among those who signed")
    return Open(entries, envelope.payload, said.predicate, signers)


def covered(opened: Open, trust: Trust, envelope: dsse.Envelope) -> None:
    """Step 3: every entry has its signed digest, and nothing else is there."""
    entries = opened.entries
    said = read_statement(envelope, statement.ATTESTATION)
    _same(said.subject, entries, "")
    free = {bundle.STATEMENT, bundle.RENDERINGS}
    rest = {name for name in entries if name not in said.subject and name not in free}
    reading = {name for name in rest if name.startswith(bundle.READING)}
    if bundle.RENDERINGS in entries or reading:
        _readings(opened, trust, reading)
    for name in sorted(rest - reading):
        if not (name.startswith(bundle.ANCHORS) and name.endswith((".tsr", ".note"))):
            raise Failed(f"{name} is covered by no signature")
    for name in said.subject:
        if not (name == bundle.DERIVED or name.startswith("logs/") or _is_evidence(name, said.subject[name])):
            raise Failed(f"the statement covers {name}, which has no place there")


def _is_evidence(name: str, digest: str) -> bool:
    return name.startswith(bundle.EVIDENCE) and name.removeprefix(bundle.EVIDENCE).split(".")[0] == digest


def _readings(opened: Open, trust: Trust, reading: set[str]) -> None:
    envelope = envelope_of(opened.entries, bundle.RENDERINGS)
    keys = envelope.signers([one.public for one in opened.signers])
    if not keys:
        raise Failed("no signer of the statement signed the reading copies")
    said = read_statement(envelope, statement.RENDERINGS)
    if said.predicate["statement_sha256"] != opened.sha256:
        raise Failed("the reading copies are of another statement")
    if said.subject.keys() != reading:
        raise Failed("the reading copies are not those that were signed")
    _same(said.subject, opened.entries, "reading copy ")


def _same(subject: Mapping[str, str], entries: Mapping[str, bytes], what: str) -> None:
    for name, digest in subject.items():
        if name not in entries:
            raise Failed(f"{what}{name} is missing")
        if hashlib.sha256(entries[name]).hexdigest() != digest:
            raise Failed(f"{what}{name} is not what was signed")


def addressed(opened: Open, trust: Trust, wanted: Wanted) -> None:
    """Step 4: it is for this recipient, in answer to this question, neither too old nor superseded."""
    said = opened.predicate
    recipient = said["recipient"]["venue"]
    if wanted.recipient is not None and recipient != wanted.recipient:
        raise Failed(f"it is made for {recipient or said['recipient']['kind']}, not for {wanted.recipient}")
    if wanted.nonce is not None and said["nonce"] != wanted.nonce:
        raise Failed("it does not answer this question: the nonce is another")
    period, issued, until = said["period"], said["issued_at"], said["valid_until"]
    if not period["from"] < period["to"] <= issued < until:
        raise Failed("period, issue and end of validity are not in their order")
    now = canonical.format_instant(wanted.now)
    if issued > canonical.format_instant(wanted.now + AHEAD):
        raise Failed("it was issued in the future")
    if issued > now:
        opened.warnings.append("it was issued a few minutes in the future, by this clock")
    if now > until:
        raise Failed(f"it was valid until {until}")
    if wanted.max_age is not None and issued < canonical.format_instant(wanted.now - wanted.max_age):
        raise Failed(f"it is older than {wanted.max_age.days} days")
    least = max(wanted.min_serial, 1 if trust.last is None else trust.last.serial)
    if said["serial"] < least:
        raise Failed(f"its serial is {said['serial']}: a later one, {least}, was seen already")
    last = trust.last
    if last and said["serial"] == last.serial and opened.sha256 != last.statement_sha256:
        raise Failed("another statement with this serial was seen already")


def trust_on_first_use(entries: Mapping[str, bytes]) -> Trust:
    """The keys a bundle itself names, for a recipient who has pinned none yet. Malformed."""
    envelope = envelope_of(entries, bundle.STATEMENT)
    said = read_statement(envelope, statement.ATTESTATION)
    try:
        logs = {one["origin"]: notes.verifier_key(one["vkey"]) for one in said.predicate["logs"]}
        attesters = tuple(named(entries))
    except ValueError as error:
        raise Malformed(f"a key that the bundle names: {error}") from None
    return Trust(said.predicate["firm"]["name_latin"], logs, attesters, first_use=True)


def named(entries: Mapping[str, bytes]) -> list[Attester]:
    """The attesters that the records shown name: each from its `signer.add` on, until the first
    `signer.remove` of it that is not earlier. ValueError for what is no key."""
    added: list[Attester] = []
    removed: list[Attester] = []
    for name in sorted(entries):
        if not (name.startswith("logs/") and name.endswith("/firm/records.jsonl")):
            continue
        for line in bundle.split(entries[name]):
            if b'"type":"signer.' not in line:
                continue
            record = parse(line)
            if record.type not in _SIGNERS or not forms.fits(record) or record.body["role"] != "attester":
                continue
            one = Attester(record.body["label"], public_key(record.body["public_key"]), record.body["from"])
            (added if record.type == "signer.add" else removed).append(one)
    return [replace(one, until=_end(one, removed)) for one in added]


def _end(one: Attester, removed: Iterable[Attester]) -> str | None:
    ends = [gone.since for gone in removed if gone.public == one.public and gone.since]
    return min((at for at in ends if one.since is None or at >= one.since), default=None)
