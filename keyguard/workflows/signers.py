"""Signing keys of people: whose is which since when, and whether what was signed still says what it said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from keyguard.core import signing
from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.people import Action, Approval, Capacity, Decision, SigningKey, Span
from keyguard.core.slots import FIRM
from keyguard.ports.all import Ports
from keyguard.ports.signer import Signer
from keyguard.workflows import people_records as told
from keyguard.workflows.authority import acting
from keyguard.workflows.identity import Actor
from keyguard.workflows.records import instant


def register(ports: Ports, signer: Signer, *, actor: Actor) -> SigningKey:
    """Have what the acting person decides signed with this key from now on.

    Only the person themself, a human who is declared, and only where none of their keys is in force: a second
    one would let whoever gets at their OS user take the place of the first.
    """
    named = told.namers(ports)
    with ports.inventory.transaction():
        who, now = acting(ports, actor), ports.clock.now()
        person = who.person
        if person is None or not person.span.covers(now) or person.capacity is Capacity.SERVICE:
            raise _refused(f"{who.id} is no person of this firm in force", "signer.person")
        if (held := in_force(ports, person.id, now)) is not None:
            raise _refused(
                f"{person.id} has the signing key {held.id} already",
                "signer.held",
                f"keyguard signer end {held.id} first: with that key, or by another person",
            )
        if any(one.public == signer.public for one in ports.people.signing_keys()):
            raise _refused("this key was registered before", "signer.known", "keyguard signer make")
        message = signing.possession_bytes(person.id, signer.public)
        if not verified(signer.public, signer.sign(message), message):
            raise _refused("this key does not sign", "signer.damaged")
        key = SigningKey(f"sk_{ports.clock.token(8).hex()}", person.id, signer.public, Span(now))
        _record(ports, named, key, "signer.add")
        ports.people.put_signing_key(key)
    return key


def end(ports: Ports, wanted: str, *, actor: Actor, signer: Signer | None = None) -> SigningKey:
    """End a key: by its person with the key itself, or, where it is lost, by another declared person.

    Whoever has taken over somebody's OS user can so neither replace their key nor do without.
    """
    named = told.namers(ports)
    with ports.inventory.transaction():
        key, who, now = find(ports, wanted), acting(ports, actor), ports.clock.now()
        if key.span.ended_at is not None:
            raise _refused(f"{key.id} has ended already", "people.ended")
        own = who.id == key.person
        if own and (signer is None or signer.public != key.public):
            raise _refused(
                "ending one's own signing key takes that key",
                "signer.own",
                "--signer FILE; if it is lost, another person ends it",
            )
        if not own and (who.person is None or not who.person.span.covers(now)):
            raise _refused(f"{who.id} is no person of this firm in force", "signer.person")
        ended = replace(key, span=replace(key.span, ended_at=now))
        _record(ports, named, ended, "signer.remove")
        ports.people.put_signing_key(ended)
    return ended


def find(ports: Ports, wanted: str) -> SigningKey:
    """By id or an unambiguous beginning of it; UsageError `signer.unknown`."""
    ids = (wanted, f"sk_{wanted}")
    found = [key for key in ports.people.signing_keys() if wanted and key.id.startswith(ids)]
    if len(found) != 1:
        what = "no signing key" if not found else f"{len(found)} signing keys begin with"
        raise _refused(f"{what} {wanted!r}", "signer.unknown", "keyguard signer list")
    return found[0]


def in_force(ports: Ports, person: str, at: datetime) -> SigningKey | None:
    """The key with which this person signed then."""
    return next(
        (one for one in ports.people.signing_keys() if one.person == person and one.span.covers(at)), None
    )


def sign(ports: Ports, decided: Approval, signer: Signer | None, good_until: datetime | None) -> Approval:
    """The decision with its signature. UsageError `approval.unsigned` where there must be one and is none,
    `approval.signer` where the key is not that of who decides."""
    assert decided.decided_at is not None
    key = in_force(ports, decided.decided_by, decided.decided_at)
    if signer is None:
        if decided.decision is Decision.REJECT or (
            key is None and not ports.people.policy.signatures_required
        ):
            return decided
        raise UsageError(
            f"{decided.decided_by} signs what they approve",
            code="approval.unsigned",
            still="nothing was changed",
            hint="--signer FILE" if key else "keyguard signer make FILE, then keyguard signer add FILE",
        )
    if key is None or key.public != signer.public:
        raise _refused(
            f"this is not the signing key of {decided.decided_by}", "approval.signer", "keyguard signer list"
        )
    signed = signing.Signed(signer.public, signer.sign(_bytes(ports, decided, good_until)))
    return replace(decided, signature=str(signed))


def check(ports: Ports, approval: Approval, good_until: datetime | None) -> SigningKey | None:
    """Whose key signed this decision; None where nobody had to.

    IntegrityError `approval.forged` (exit 6) where the signature is missing or another's, or the request is
    not the one that was signed.
    """
    if approval.decision is None or approval.decided_at is None:
        return None
    if approval.action is Action.GRANT and not approval.rule:
        return None  # no second person was needed
    key = in_force(ports, approval.decided_by, approval.decided_at)
    if not approval.signature and (key is None or approval.decision is Decision.REJECT):
        return None
    signed = signing.read(approval.signature)
    whole = (
        key is not None
        and signed is not None
        and signed.public == key.public
        and verified(key.public, signed.signature, _bytes(ports, approval, good_until))
    )
    if not whole:
        raise IntegrityError(
            f"the signature of {approval.id} is missing, or not over what it says",
            code="approval.forged",
            still="nothing was done on its word",
            hint="somebody changed the database; ask for a new approval and find out who",
        )
    return key


def verified(public: str, signature: str, message: bytes) -> bool:
    """Whether this Ed25519 signature (hex) over these bytes was made for this public key (hex)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(ports: Ports, approval: Approval, good_until: datetime | None) -> bytes:
    wanted = approval.subject.get("grant")
    grant = next((one for one in ports.people.grants() if one.id == wanted), None) if wanted else None
    return signing.approval_bytes(signing.statement(approval, grant, good_until))


def _record(ports: Ports, named: told.Namers, key: SigningKey, type_: str) -> None:
    body = {
        "role": "approver",
        "public_key": key.public,
        "label": key.id,
        "person": named[FIRM].person(key.person),
        "from": instant(key.span.ended_at or key.span.since),
    }
    ports.audit.append(FIRM, type_, body, private={"person": key.person})


def _refused(what: str, code: str, hint: str = "") -> UsageError:
    return UsageError(what, code=code, still="nothing was changed", hint=hint)
