"""Issue attestations (KGA/1): snapshot, seal, evidence, statement, signatures, check, record, file.

Steps, and what is left where the process ends after each:
1 the state of each venue is restated in its stream, and the log is sealed: true whatever follows;
2 statement and signatures, reading copies, the gate over what they hold, and the verifier over the finished
  file in a process of its own: all in memory, but for that process's copy;
3 a copy is kept in the home: without a record it is none that was issued, and the next run replaces it;
4 `attestation.issued` is recorded for all of this run at once: from here on it is issued;
5 the file is offered. Where that fails, the kept copy is the same file.
What fails in 2 or 3 leaves no file and one record, `attestation.stopped`, that names no venue.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from keyguard.core.errors import IntegrityError, KeyguardError, UsageError
from keyguard.core.slots import FIRM
from keyguard.kga import bundle, container, dsse, statement
from keyguard.kga.log_copy import LogCopy
from keyguard.kga.notes import Sign
from keyguard.ports.all import Ports
from keyguard.workflows import attest_evidence as evidence
from keyguard.workflows import attest_past as past
from keyguard.workflows.agents import AGENT, Copies, copies_for, role
from keyguard.workflows.attest_config import AttestConfig, Named
from keyguard.workflows.attest_past import Kept, Previous
from keyguard.workflows.attest_predicate import (
    TOOL,
    Asked,
    Recipient,
    attestation_id,
    compose,
    payload_of,
    row_secret,
)
from keyguard.workflows.attesters import Signer, attesters
from keyguard.workflows.authority import acting
from keyguard.workflows.identity import Actor, names
from keyguard.workflows.log_key import log_id
from keyguard.workflows.records import instant
from keyguard.workflows.seal import Sealed, make_seal, sealed
from keyguard.workflows.snapshot import write_snapshot
from keyguard.workflows.trust_file import trust_file

NEEDED_BY_TWO = 2


@dataclass(frozen=True, slots=True)
class Key:
    """An attester's key, opened: the public half (32 bytes) and what signs with the other."""

    public: bytes
    sign: Sign = field(repr=False)

    @property
    def text(self) -> str:
        """As records and trust files spell it."""
        return base64.b64encode(self.public).decode()


@dataclass(frozen=True, slots=True)
class Reading:
    """Entries below `reading/` and the fonts they use; none where this installation makes none."""

    entries: Mapping[str, bytes] = field(default_factory=dict)
    fonts: Sequence[Mapping[str, str]] = ()


class Finish(Protocol):
    """What stands between a signed statement and a file that may leave."""

    def read(
        self,
        tables: Mapping[str, Any],
        predicate: Mapping[str, Any],
        sha256: str,
        roots: Mapping[str, str],
    ) -> Reading:
        """The reading copies. `sha256`: of the statement's payload; `roots`: of the checkpoints, hex, by
        log id."""
        ...

    def gate(self, entries: Mapping[str, bytes], recipient: Recipient, agents: Sequence[LogCopy]) -> None:
        """Raise IntegrityError where an entry holds what must not leave (KGA/1 §13)."""
        ...

    def verify(self, data: bytes, trust: bytes, recipient: Recipient, previous: bytes | None) -> None:
        """Have the finished file verified in another process; IntegrityError where it does not."""
        ...


@dataclass(frozen=True, slots=True)
class Made:
    """A finished bundle. `complete`: nobody has to sign it any more."""

    id: str
    data: bytes = field(repr=False)
    predicate: Mapping[str, Any] = field(repr=False)
    sha256: str
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Run:
    """All that one run is given. `again`: the newest attestation may be about some of the same time.
    `last_seal`: the newest seal, which witnesses may have seen, in the place of a new one."""

    asked: Asked
    who: AttestConfig
    recipients: tuple[Recipient, ...]
    keys: tuple[Key, ...]
    again: bool = False
    last_seal: bool = False


def attest(
    ports: Ports,
    run: Run,
    kept: Kept,
    waiting: Kept,
    finish: Finish,
    *,
    actor: Actor,
    copies: Copies | None = None,
) -> list[Made]:
    """Make one bundle for each recipient from one seal, and issue them; oldest recipient first.

    Where policy asks for a second signature and only one key is given, they wait in `waiting` for `sign`.
    `copies`: of the logs of enrolled agents. UsageError `attest.*`, IntegrityError `attest.gate`,
    `attest.unverified`, and as `make_seal`.
    """
    if role(ports) == AGENT:
        raise _refused(
            "the log of this home is an agent's", "attest.agent", "the firm's primary home attests for it"
        )
    signing = registered(ports, run.keys)
    agents = copies_for(ports, copies, run.asked.period)
    preparer = _preparer(ports, run.who, signing[0], actor)
    complete = len(run.keys) >= (NEEDED_BY_TWO if run.who.two else 1)
    with ports.journal.alone("attest"):
        before = {one.slug: _past(ports, run, kept, one) for one in run.recipients}
        seal = _seal(ports, run, agents)
        with _attempt(ports, [one.slug for one in run.recipients]):
            made = [
                _make(ports, run, one, seal, agents, before[one.slug], finish, preparer, complete)
                for one in run.recipients
            ]
            for one in made:
                (kept if complete else waiting).put(one.id, one.data)
        if complete:
            _record(ports, made)
    return made


def sign(ports: Ports, id_: str, key: Key, kept: Kept, waiting: Kept, finish: Finish) -> Made:
    """Put the second signature on a bundle that waits, and issue it.

    UsageError `attest.unknown`, `attest.signed`, or `attest.superseded` where another was issued since.
    """
    registered(ports, [key])
    with ports.journal.alone("attest"):
        data = waiting.get(id_)
        if data is None:
            raise _refused(f"no attestation {id_} waits for a signature", "attest.unknown")
        payload, said = past.read(data, id_)
        entries = dict(container.unpack(data))
        envelope = dsse.parse(entries[bundle.STATEMENT])
        if envelope.signers([key.public]):
            raise _refused("this key signed it already", "attest.signed", "it takes another person's")
        venue = said["recipient"]["venue"]
        recipient = Recipient(venue, said["recipient"]["kind"], said["recipient"]["name"])
        previous = _newest(ports, said["profile"], recipient, kept)
        if said["serial"] != (previous.issued.serial + 1 if previous else 1):
            waiting.drop(id_)
            raise _refused("another one was issued meanwhile", "attest.superseded", "prepare it again")
        second = dsse.sign(payload, dsse.IN_TOTO, [(key.public, key.sign)])
        signatures = (*envelope.signatures, *second.signatures)
        entries[bundle.STATEMENT] = dsse.Envelope(payload, dsse.IN_TOTO, signatures).encode()
        signed = Made(id_, container.pack(entries), said, hashlib.sha256(payload).hexdigest())
        with _attempt(ports, [recipient.slug]):
            trust = trust_file(ports, said["firm"]["name_latin"], NEEDED_BY_TWO)
            finish.verify(signed.data, trust, recipient, previous.data if previous else None)
            kept.put(id_, signed.data)
        _record(ports, [signed])
        waiting.drop(id_)
    return signed


def registered(ports: Ports, keys: Sequence[Key]) -> list[Signer]:
    """Who holds these keys, by the log; UsageError `attest.signer` for one that signs nothing here."""
    known = {one.public_key: one for one in attesters(ports) if one.role == "attester"}
    if len({key.public for key in keys}) != len(keys) or not keys:
        raise _refused("it takes a key of each person who signs", "attest.signer", "--signer FILE")
    for key in keys:
        if key.text not in known:
            raise _refused(
                "this key does not sign for the firm",
                "attest.signer",
                f"keyguard attester add 'compliance officer' --key {key.text}",
            )
    return [known[key.text] for key in keys]


def _preparer(ports: Ports, who: AttestConfig, officer: Signer, actor: Actor) -> Named:
    """Who runs this. Where two are needed they are not the officer."""
    person = acting(ports, actor)
    said = who.preparer
    if said is None and person.person is not None and person.person.name:
        said = Named(person.person.name, person.person.name)
    own = officer.person != "" and officer.person == names(ports, FIRM).person(person.id)
    if who.two and (said is None or said == who.officer or own):
        raise _refused(
            "who prepares an attestation is not the officer who signs it",
            "attest.preparer",
            '--preparer "LATIN / LOCAL", run by somebody else than the officer',
        )
    return said or who.officer


def _past(ports: Ports, run: Run, kept: Kept, recipient: Recipient) -> Previous | None:
    if recipient.venue is not None and run.asked.profile == "venue":
        past.demand_free(past.issued(ports, recipient.venue), run.asked.period, again=run.again)
    return _newest(ports, run.asked.profile, recipient, kept)


def _newest(ports: Ports, profile: str, recipient: Recipient, kept: Kept) -> Previous | None:
    if recipient.venue is not None and profile == "venue":
        return past.previous_of(ports, kept, recipient.venue)
    return past.previous_by_copy(kept, f"KGA-{log_id(ports)[:8]}-{recipient.slug}-")


def _seal(ports: Ports, run: Run, agents: Sequence[LogCopy]) -> Sealed:
    """The seal all bundles of this run rest on, made after the period's end."""
    if not run.last_seal:
        after = ports.seals.first() - 1
        for one in run.recipients:
            if one.venue and next(ports.audit.entries(stream=one.venue, after=after), None) is not None:
                others = [line for copy in agents for line in copy.lines(one.venue)]
                write_snapshot(ports, one.venue, others)  # an unused stream stays unused
        return make_seal(ports)
    seal = sealed(ports)
    if instant(seal.seal.t) < run.asked.period.until:
        raise _refused(
            "the newest seal was made before the period ended", "attest.seal", "without --last-seal"
        )
    return seal


def _make(
    ports: Ports,
    run: Run,
    recipient: Recipient,
    seal: Sealed,
    agents: Sequence[LogCopy],
    previous: Previous | None,
    finish: Finish,
    preparer: Named,
    complete: bool,
) -> Made:
    found = _evidence(ports, run, recipient, seal, agents, previous).with_documents(run.asked.documents)
    officer = run.keys[0]
    predicate = compose(
        ports,
        run.asked,
        run.who,
        recipient,
        seal,
        found,
        previous,
        officer=officer.public,
        preparer=preparer,
    )
    payload = payload_of(predicate, found)
    sha256 = hashlib.sha256(payload).hexdigest()
    signers = [(key.public, key.sign) for key in run.keys]
    entries = dict(found.entries)
    entries[bundle.STATEMENT] = dsse.sign(payload, dsse.IN_TOTO, signers).encode()
    roots = {seal.log_id: seal.checkpoint.root.hex()}
    roots |= {copy.log_id: copy.sealed.checkpoint.root.hex() for copy in agents}
    reading = finish.read(found.derived, predicate, sha256, roots)
    if reading.entries:
        entries |= reading.entries
        entries[bundle.RENDERINGS] = _renderings(reading, sha256, signers)
    finish.gate(entries, recipient, agents)
    data = container.pack(entries)
    trust = trust_file(ports, predicate["firm"]["name_latin"], len(signers))
    finish.verify(data, trust, recipient, previous.data if previous else None)
    return Made(predicate["attestation_id"], data, predicate, sha256, complete)


def _evidence(
    ports: Ports,
    run: Run,
    recipient: Recipient,
    seal: Sealed,
    agents: Sequence[LogCopy],
    previous: Previous | None,
) -> evidence.Evidence:
    period = run.asked.period
    if run.asked.profile == "auditor":
        return evidence.for_auditor(ports, seal, period, previous, agents)
    if run.asked.profile == "venue":
        return evidence.for_venue(ports, seal, recipient.about, period, previous, agents)
    whole = evidence.for_venue(ports, seal, recipient.about, period, None, agents)
    secret = row_secret(seal, attestation_id(seal, recipient, previous))
    return evidence.summary(whole, secret, run.asked.rows)


def _renderings(reading: Reading, sha256: str, signers: Sequence[tuple[bytes, Sign]]) -> bytes:
    predicate = {
        "statement_sha256": sha256,
        "tool": dict(TOOL),
        "fonts": [dict(one) for one in reading.fonts],
    }
    said = statement.Statement(statement.RENDERINGS, statement.subject(reading.entries), predicate)
    return dsse.sign(statement.encode(said), dsse.IN_TOTO, signers).encode()


def _record(ports: Ports, made: Sequence[Made]) -> None:
    """All of one run are issued, or none. No venue's stream tells of what others were given."""
    with ports.inventory.transaction():
        for one in made:
            venue = one.predicate["recipient"]["venue"]
            if venue is None or one.predicate["profile"] != "venue":
                continue
            body = {
                "attestation_id": one.id,
                "serial": one.predicate["serial"],
                "period": dict(one.predicate["period"]),
                "statement_sha256": one.sha256,
            }
            ports.audit.append(venue, "attestation.issued", body)


@contextmanager
def _attempt(ports: Ports, recipients: Sequence[str]) -> Iterator[None]:
    """Record that a bundle was stopped, whatever stopped it. What it was about stays private: every
    recipient sees the firm's stream."""
    why = "a bug or an interruption"
    done = False
    try:
        yield
        done = True
    except KeyguardError as error:
        why = f"{error.code}: {error.message}"
        raise
    finally:
        if not done:
            private = {"recipients": list(recipients), "why": why}
            ports.audit.append(FIRM, "attestation.stopped", {}, private=private)


def stopped(what: str, code: str, hint: str = "") -> IntegrityError:
    """What `Finish` raises: evidence that must not leave, or does not hold."""
    return IntegrityError(what, code=code, still="no attestation was issued; no file was left", hint=hint)


def _refused(what: str, code: str, hint: str = "") -> UsageError:
    return UsageError(what, code=code, still="nothing was issued", hint=hint)
