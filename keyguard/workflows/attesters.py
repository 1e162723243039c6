"""Who signs for the firm: attesters, whose keys stand in statements, and witnesses (KGA/1 §5.3, §8)."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.core.people import Action
from keyguard.core.slots import FIRM
from keyguard.kga import notes
from keyguard.ports.all import Ports
from keyguard.workflows import approvals
from keyguard.workflows.authority import demand_admin
from keyguard.workflows.identity import Actor, names
from keyguard.workflows.records import instant

ROLES = ("attester", "witness")
_ED25519_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signer:
    """One key that signs. `public_key`: base64 of 32 bytes; of a witness its verifier key as a text.

    `since` and `until` are instants as records spell them; `until` "" while it signs.
    """

    role: str
    public_key: str
    label: str
    since: str
    until: str = ""
    person: str = ""
    """Whose it is, by pseudonym in the firm's stream; "" where nobody said."""


def attesters(ports: Ports, *, past: bool = False) -> tuple[Signer, ...]:
    """All that sign now, the log itself included; with `past` those that did, too. Oldest first."""
    found: dict[tuple[str, str], Signer] = {}
    first = ports.seals.first()
    for entry in ports.audit.entries(stream=FIRM, holding=b'"type":"signer.', after=first - 1):
        record = json.loads(entry.record)
        body: dict[str, Any] = record["body"]
        place = body["role"], body["public_key"]
        if record["type"] == "signer.add":
            found[place] = Signer(*place, body["label"], body["from"], person=body.get("person", ""))
        elif place in found:
            known = found[place]
            found[place] = replace(known, until=body["from"])
    return tuple(one for one in found.values() if past or not one.until)


def add(
    ports: Ports, role: str, public_key: str, label: str, *, actor: Actor, person: str = "", why: str = ""
) -> Signer:
    """Record that this key signs for the firm from now on. Where rights are enforced a second person agrees
    first. UsageError `signer.key`, `signer.known`, `rights.not_admin`, `approval.needed`, `approval.waits`.
    """
    _check(role, public_key)
    if any((one.role, one.public_key) == (role, public_key) for one in attesters(ports)):
        raise UsageError("this key signs already", code="signer.known", still="nothing was changed")
    demand_admin(ports, actor)
    about = {"change": "add", "role": role, "public_key": public_key}
    what = f"let {label} sign"
    approvals.require_for_firm(ports, Action.SIGNER, what, actor=actor, why=why, about=about)
    now = instant(ports.clock.now())
    body = {"role": role, "public_key": public_key, "label": label, "from": now}
    if person:
        body["person"] = names(ports, FIRM).person(person)
    ports.audit.append(FIRM, "signer.add", body)
    return Signer(role, public_key, label, now)


def remove(ports: Ports, wanted: str) -> Signer:
    """Record that a key signs no more; by its label or its text. Needs no second person: it only narrows.

    UsageError `signer.unknown`. The log's own key stays: recipients know the log by it.
    """
    found = [one for one in attesters(ports) if one.role in ROLES and wanted in (one.label, one.public_key)]
    if len(found) != 1:
        raise UsageError(
            f"{wanted!r} is {'no signer' if not found else 'more than one signer'}",
            code="signer.unknown",
            still="nothing was changed",
            hint="keyguard attester list",
        )
    now = instant(ports.clock.now())
    gone = found[0]
    body = {"role": gone.role, "public_key": gone.public_key, "label": gone.label, "from": now}
    ports.audit.append(FIRM, "signer.remove", body)
    return Signer(gone.role, gone.public_key, gone.label, gone.since, now)


def _check(role: str, public_key: str) -> None:
    try:
        if role == "witness":
            if notes.verifier_key(public_key).kind == notes.COSIGNATURE:
                return
        elif len(base64.b64decode(public_key, validate=True)) == _ED25519_BYTES:
            return
    except (ValueError, binascii.Error):
        pass
    form = "a verifier key of type 0x04, NAME+ID+BASE64" if role == "witness" else "base64 of 32 bytes"
    raise UsageError(
        f"this is no public key of {'a witness' if role == 'witness' else 'an attester'}",
        code="signer.key",
        still="nothing was changed",
        hint=f"wanted: {form}",
    )
