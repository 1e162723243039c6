"""The signed statement (KGA/1 §8): an in-toto Statement v1 whose predicate is the attestation."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from keyguard.core import canonical

TYPE = "https://in-toto.io/Statement/v1"
ATTESTATION = "urn:keyguard:predicate:access-control-attestation:v1"
RENDERINGS = "urn:keyguard:predicate:renderings:v1"
SPEC = "kga/1"
PROFILES = ("venue", "auditor", "summary")
LIMITS = ("L1", "L2", "L3", "L4", "L5", "L6")
ALWAYS = frozenset(("L1", "L2", "L5", "L6"))
"""Limits that every statement has to declare."""

_HASH = re.compile(r"[0-9a-f]{64}")
_KINDS = ("exchange", "auditor", "issuer", "bank", "other")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a statement's payload holds. `subject`: SHA-256 (hex) by entry name."""

    kind: str
    subject: Mapping[str, str]
    predicate: Mapping[str, Any]


def encode(statement: Statement) -> bytes:
    """The canonical payload. Its outer member names are in-toto's own, which are sorted all the same."""
    return _encode(
        {
            "_type": TYPE,
            "predicateType": statement.kind,
            "predicate": dict(statement.predicate),
            "subject": [
                {"digest": {"sha256": digest}, "name": name}
                for name, digest in sorted(statement.subject.items())
            ],
        }
    )


def subject(entries: Mapping[str, bytes]) -> dict[str, str]:
    """The digests of these entries."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in entries.items()}


def parse(payload: bytes, kind: str) -> Statement:
    """Read a payload of the expected kind; ValueError unless it is one, in canonical form."""
    value = _decode(payload)
    if not isinstance(value, dict) or value.keys() != {"_type", "predicateType", "predicate", "subject"}:
        raise ValueError("the members are not those of a statement")
    if value["_type"] != TYPE or value["predicateType"] != kind:
        raise ValueError(f"not a statement of {kind}")
    if not isinstance(value["predicate"], dict) or not isinstance(value["subject"], list):
        raise ValueError("the predicate or the subject has the wrong form")
    digests = dict(_digest(one) for one in value["subject"])
    if list(digests) != sorted(digests) or len(digests) != len(value["subject"]):
        raise ValueError("the subject is not sorted, or names an entry twice")
    _PREDICATES[kind](value["predicate"])
    return Statement(kind, digests, value["predicate"])


def _encode(value: dict[str, Any]) -> bytes:
    return canonical.encode(value)


def _decode(payload: bytes) -> Any:
    """Canonical form, as for records, but the outer members have in-toto's names."""
    import json  # noqa: PLC0415 - only here

    canonical.limit_nesting(payload)
    value = json.loads(payload.decode(), parse_float=_no_number, parse_constant=_no_number)
    if _encode(value) != payload:
        raise ValueError("not in canonical form")
    if isinstance(value, dict):
        inner = {"predicate": value.get("predicate"), "subject": value.get("subject")}
        canonical.check(inner, canonical.read_text)
    return value


def _no_number(text: str) -> Any:
    raise ValueError("a number that is not an integer")


def _digest(value: Any) -> tuple[str, str]:
    if (
        not isinstance(value, dict)
        or value.keys() != {"digest", "name"}
        or not isinstance(value["name"], str)
    ):
        raise ValueError("not a subject")
    digest = value["digest"]
    if not isinstance(digest, dict) or digest.keys() != {"sha256"} or not _is_hash(digest["sha256"]):
        raise ValueError("a subject has no SHA-256 digest")
    return value["name"], digest["sha256"]


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_instant(value: Any) -> bool:
    try:
        canonical.parse_instant(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(_is_text(one) for one in value)


def _or_null(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


def _one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: value in words


def _each(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(check(one) for one in value)


def _object(**members: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """An object with exactly these members; a name that ends in `_opt` may be absent."""
    optional = {name.removesuffix("_opt") for name in members if name.endswith("_opt")}
    checks = {name.removesuffix("_opt"): check for name, check in members.items()}

    def fits(value: Any) -> bool:
        if not isinstance(value, dict) or not checks.keys() - optional <= value.keys() <= checks.keys():
            return False
        return all(checks[name](one) for name, one in value.items())

    return fits


_PERIOD = _object(**{"from": _is_instant, "to": _is_instant, "tz": _is_text})
_PERSON = _object(
    name_local=_is_text, name_latin=_is_text, title_local=_is_text, title_latin=_is_text, key_sha256=_is_hash
)
_PREVIOUS_LOG = _object(checkpoint_size=_is_count, to=_is_count, root=_is_hash)
_LOG = _object(
    **{"from": _is_count, "to": _is_count},
    log_id=_is_text,
    origin=_is_text,
    vkey=_is_text,
    role=_one_of("primary", "agent"),
    seal_no=_is_count,
    checkpoint_size=_is_count,
    root=_is_hash,
    firm_size=_is_count,
    firm_root=_is_hash,
    previous=_or_null(_PREVIOUS_LOG),
)
_FIELDS: dict[str, Callable[[Any], bool]] = {
    "spec": _one_of(SPEC),
    "attestation_id": _is_text,
    "serial": lambda value: _is_count(value) and value >= 1,
    "firm": _object(
        name_local=_is_text,
        name_latin=_is_text,
        registration_no=_is_text,
        country=_is_text,
        lei_opt=_is_text,
        address_opt=_is_text,
    ),
    "recipient": _object(venue=_or_null(_is_text), kind=_one_of(*_KINDS), name=_is_text),
    "profile": _one_of(*PROFILES),
    "period": _PERIOD,
    "issued_at": _is_instant,
    "valid_until": _is_instant,
    "nonce": _or_null(lambda value: _is_text(value) and 1 <= len(value) <= 128 and value.isascii()),
    "officer": _PERSON,
    "preparer": _object(name_local=_is_text, name_latin=_is_text),
    "statement_text": _object(ko=_is_text, en=_is_text),
    "reservations": _is_texts,
    "fingerprint_salt": _or_null(_is_hash),
    "logs": _each(_LOG),
    "previous": _or_null(
        _object(attestation_id=_is_text, serial=_is_count, statement_sha256=_is_hash, period=_PERIOD)
    ),
    "withheld": _object(
        records=_is_count,
        why=lambda value: isinstance(value, dict) and all(_is_count(one) for one in value.values()),
    ),
    "register": _object(rows=_is_count, root=_is_hash, row_secret=_or_null(_is_hash)),
    "people_disclosed": _each(
        _object(
            person=_is_text,
            name_local=_is_text,
            name_latin=_is_text,
            role=_is_text,
            purpose=_is_text,
            legal_basis=_is_text,
        )
    ),
    "anchors": _each(_object(kind=_is_text, over=_is_text, name=_is_text, time=_is_instant)),
    "declared_limits": lambda value: (
        _is_texts(value) and value == sorted(set(value)) and set(value) <= set(LIMITS)
    ),
    "tool": _object(name=_is_text, version=_is_text, wheel_sha256=_or_null(_is_hash)),
}
_RENDERING_FIELDS: dict[str, Callable[[Any], bool]] = {
    "statement_sha256": _is_hash,
    "tool": _FIELDS["tool"],
    "fonts": _each(_object(name=_is_text, version=_is_text, sha256=_is_hash)),
}


def _checked(fields: Mapping[str, Callable[[Any], bool]]) -> Callable[[Mapping[str, Any]], None]:
    def check(predicate: Mapping[str, Any]) -> None:
        if predicate.keys() != fields.keys():
            odd = ", ".join(sorted(predicate.keys() ^ fields.keys()))
            raise ValueError(f"the predicate lacks a member or has one too many: {odd}")
        for name, fits in fields.items():
            if not fits(predicate[name]):
                raise ValueError(f"{name} has the wrong form")

    return check


_PREDICATES = {ATTESTATION: _checked(_FIELDS), RENDERINGS: _checked(_RENDERING_FIELDS)}
