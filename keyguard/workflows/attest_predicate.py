"""The predicate of a statement (KGA/1 §8), and its signed payload."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from keyguard import __version__
from keyguard.core import canonical
from keyguard.core.errors import UsageError
from keyguard.core.slots import FIRM
from keyguard.kga import dsse, notes, statement, texts
from keyguard.kga.derive.lines import Period
from keyguard.kga.verify.rows import register_root
from keyguard.ports.all import Ports
from keyguard.workflows import attest_documents, attesters
from keyguard.workflows.attest_config import NOT_DECLARED, AttestConfig, Named
from keyguard.workflows.attest_documents import Document
from keyguard.workflows.attest_evidence import Evidence
from keyguard.workflows.attest_past import Previous
from keyguard.workflows.identity import salt
from keyguard.workflows.records import instant
from keyguard.workflows.seal import Sealed

TOOL = {"name": "keyguard", "version": __version__, "wheel_sha256": None}
_FIRM_MEMBERS = ("name_local", "name_latin", "registration_no", "country")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom it is for. `venue` None: an auditor, a bank …, whose `kind` then stands in the id; `about` is the
    venue whose tables a summary is of."""

    venue: str | None
    kind: str
    name: str
    about: str = ""

    @property
    def slug(self) -> str:
        """What stands for it in ids."""
        return self.venue or self.kind


@dataclass(frozen=True, slots=True)
class Asked:
    """What one run is asked for. `spoken`: the period as people read it. `people`: rows of
    `people_disclosed` by venue. `documents`: what the firm attaches. `rows`: fingerprints of the keys
    whose rows a summary shows."""

    period: Period
    spoken: str
    profile: str = "venue"
    nonce: str | None = None
    reservations: tuple[str, ...] = ()
    people: tuple[Mapping[str, str], ...] = ()
    documents: tuple[Document, ...] = ()
    rows: frozenset[str] = frozenset()


def compose(
    ports: Ports,
    asked: Asked,
    who: AttestConfig,
    recipient: Recipient,
    sealed: Sealed,
    found: Evidence,
    previous: Previous | None,
    *,
    officer: bytes,
    preparer: Named,
) -> dict[str, Any]:
    """The predicate. It is made of the seal and what was sealed before it: the same again gives the same."""
    serial = previous.issued.serial + 1 if previous else 1
    id_ = attestation_id(sealed, recipient, previous)
    secret = row_secret(sealed, id_)
    shown = asked.profile != "summary"
    anchors = _anchors(ports, sealed) if shown else []
    made: dict[str, Any] = {
        "spec": statement.SPEC,
        "attestation_id": id_,
        "serial": serial,
        "firm": firm_of(ports, who),
        "recipient": {"venue": recipient.venue, "kind": recipient.kind, "name": recipient.name},
        "profile": asked.profile,
        "period": {"from": asked.period.since, "to": asked.period.until, "tz": asked.period.tz},
        "issued_at": instant(sealed.seal.t),
        "valid_until": instant(sealed.seal.t + timedelta(days=who.valid_days)),
        "nonce": asked.nonce,
        "officer": {
            "name_local": who.officer.local,
            "name_latin": who.officer.latin,
            "title_local": who.title.local,
            "title_latin": who.title.latin,
            "key_sha256": dsse.keyid(officer),
        },
        "preparer": {"name_local": preparer.local, "name_latin": preparer.latin},
        "fingerprint_salt": _fingerprint_salt(ports, recipient) if shown else None,
        "logs": [dict(log, previous=previous and previous.of_log(log["origin"])) for log in found.logs],
        "previous": previous and previous.told(),
        "withheld": {"records": sum(found.withheld.values()), "why": dict(found.withheld)},
        "register": {
            "rows": len(found.rows),
            "root": register_root(found.rows, secret).hex(),
            "row_secret": secret.hex() if shown else None,
        },
        "people_disclosed": [dict(one) for one in asked.people],
        "anchors": anchors,
        "declared_limits": _limits(asked.period, previous, anchors),
        "tool": dict(TOOL),
    }
    contradicted = texts.blocked(found.whole)
    about = recipient.about if recipient.venue is None else ""
    made["statement_text"] = {
        language: texts.statement(language, made, contradicted, period=asked.spoken, about=about)
        for language in ("ko", "en")
    }
    made["reservations"] = [
        *texts.reservations(contradicted),
        *asked.reservations,
        *attest_documents.told(asked.documents, found.entries),
    ]
    return made


def payload_of(predicate: Mapping[str, Any], found: Evidence) -> bytes:
    """What is signed; UsageError where some text in it has no place in a statement."""
    covered = {name: data for name, data in found.entries.items() if not name.startswith("anchors/")}
    made = statement.encode(statement.Statement(statement.ATTESTATION, statement.subject(covered), predicate))
    try:
        statement.parse(made, statement.ATTESTATION)
    except ValueError as error:
        raise UsageError(
            f"this cannot stand in a statement: {error}", code="attest.text", still="nothing was issued"
        ) from None
    return made


def firm_of(ports: Ports, who: AttestConfig) -> dict[str, str]:
    """The firm as a statement names it; UsageError `attest.firm` for one without a name."""
    made = firm_by_log(ports, who.firm)
    if made["name_latin"] == NOT_DECLARED:
        raise UsageError(
            "the firm has no name",
            code="attest.firm",
            still="nothing was issued",
            hint="name_latin, name_local, registration_no and country in [firm] of config.toml",
        )
    return made | {name: who.firm[name] for name in ("lei", "address") if name in who.firm}


def firm_by_log(ports: Ports, declared: Mapping[str, str]) -> dict[str, str]:
    """The firm by the present log's first record; what was not declared then, by the configuration."""
    first = next(ports.audit.entries(stream=FIRM, after=ports.seals.first() - 1), None)
    told: dict[str, str] = canonical.decode(first.record)["body"]["firm"] if first else {}
    made = {
        name: told[name] if told.get(name, NOT_DECLARED) != NOT_DECLARED else declared.get(name, NOT_DECLARED)
        for name in _FIRM_MEMBERS
    }
    if made["name_local"] == NOT_DECLARED:
        made["name_local"] = made["name_latin"]
    return made


def _fingerprint_salt(ports: Ports, recipient: Recipient) -> str | None:
    """With it the venue finds its own keys. An auditor has no key table to compare, and gets none."""
    return salt(ports, f"system/fp-salt/{recipient.venue}").hex() if recipient.venue else None


def attestation_id(sealed: Sealed, recipient: Recipient, previous: Previous | None) -> str:
    """The id, and the name of the file."""
    serial = previous.issued.serial + 1 if previous else 1
    return f"KGA-{sealed.log_id[:8]}-{recipient.slug}-{serial:04d}"


def row_secret(sealed: Sealed, id_: str) -> bytes:
    """Of this attestation alone, and unknown outside: drawn from the seal's secret, so that a second export
    of one seal has the same bytes."""
    return hmac.new(sealed.seal_secret, b"keyguard/rows/v1\n" + id_.encode(), hashlib.sha256).digest()


def _anchors(ports: Ports, sealed: Sealed) -> list[dict[str, Any]]:
    """Who of the declared witnesses saw the checkpoint."""
    found = []
    for one in attesters.attesters(ports):
        if one.role != "witness":
            continue
        seen = sealed.note.cosigned_at(notes.verifier_key(one.public_key))
        if seen is not None:
            found.append(
                {
                    "kind": "cosignature",
                    "over": sealed.origin,
                    "name": notes.verifier_key(one.public_key).name,
                    "time": instant(datetime.fromtimestamp(seen, UTC)),
                }
            )
    return found


def _limits(period: Period, previous: Previous | None, anchors: list[dict[str, Any]]) -> list[str]:
    """L3 unless somebody saw the log before the period began; L4 for a first one that nobody saw."""
    limits = set(statement.ALWAYS)
    if not any(one["time"] <= period.since for one in anchors):
        limits.add("L3")
    if previous is None and not anchors:
        limits.add("L4")
    return sorted(limits)
