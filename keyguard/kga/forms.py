"""The forms a verifier holds records to (KGA/1 §5.3, §9.3): members and their JSON kinds.

What is written is checked more closely (`core.record_types`): which words a member may have, how ids look.
A reader asks only for what the tables rest on, so that a word added later does not make a log unreadable.
In a body, members beside those listed are passed over; a snapshot's state has exactly those listed.

`name:kind` must be there, `name?:kind` may be absent; a kind that ends in `?` may be null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keyguard.core import canonical
from keyguard.core.record import Record
from keyguard.core.slots import FIRM

Form = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_instant(value: Any) -> bool:
    try:
        canonical.parse_instant(value)
    except (TypeError, ValueError):
        return False
    return True


_KINDS: dict[str, Form] = {
    "text": _is_text,
    "texts": _is_texts,
    "int": lambda value: type(value) is int,
    "bool": lambda value: type(value) is bool,
    "instant": _is_instant,
    "object": lambda value: isinstance(value, dict),
}


def _or_null(form: Form) -> Form:
    return lambda value: value is None or form(value)


def _each(form: Form) -> Form:
    return lambda value: isinstance(value, list) and all(form(one) for one in value)


def _by_name(form: Form, *, least: int = 0) -> Form:
    return lambda value: (
        isinstance(value, dict) and len(value) >= least and all(form(one) for one in value.values())
    )


def _form(notation: str, *, more: bool = False, **nested: Form) -> Form:
    required: list[tuple[str, Form]] = list(nested.items())
    optional: list[tuple[str, Form]] = []
    for part in notation.split():
        name, kind = part.split(":")
        fits = _KINDS[kind.removesuffix("?")]
        place = optional if name.endswith("?") else required
        place.append((name.removesuffix("?"), _or_null(fits) if kind.endswith("?") else fits))
    names = {name for name, _ in [*required, *optional]}

    def form(value: Any) -> bool:
        if not isinstance(value, dict) or not (more or value.keys() <= names):
            return False
        return all(name in value and fits(value[name]) for name, fits in required) and all(
            fits(value[name]) for name, fits in optional if name in value
        )

    return form


def _body(notation: str, **nested: Form) -> Form:
    return _form(notation, more=True, **nested)


KEY = (
    "key:text hint?:text account:text sub_account?:text kind:text purpose:text desk:text owner:text "
    "scopes_granted:texts scopes_needed:texts ip_allow:texts ip_supported:bool created_at?:instant "
    "expires_at?:instant storage:text source:text"
)
PARTY = (
    "party:text kind:text relation:text name?:text country?:text contract_ref_sha256:text "
    "contract_from:instant contract_until:instant diligence_at?:instant diligence_until?:instant"
)
INCIDENT = "incident:text class:text keys:texts detected_at:instant how:text"
EXCEPTION = "exception:text control:text key?:text reason:text compensating:text until:instant approval:text"

CHANGEABLE: Mapping[str, Form] = {
    name: _body(f"new:{kind}")
    for kind, names in (
        ("text", "account sub_account purpose desk owner storage"),
        ("texts", "scopes_granted scopes_needed ip_allow"),
        ("bool", "ip_supported"),
        ("instant?", "expires_at"),
    )
    for name in names.split()
}
"""Members of a key that `key.update` may change; its `changes` may tell of others, which no table shows."""

_ITEMS = _each(_body("item:text keys?:texts"))


def names(notation: str) -> tuple[str, ...]:
    """The members that a notation lists."""
    return tuple(part.partition(":")[0].removesuffix("?") for part in notation.split())


def told(notation: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a body that the notation lists, as far as they are there."""
    return {name: body[name] for name in names(notation) if name in body}


def _is_changes(value: Any) -> bool:
    return isinstance(value, dict) and all(
        form(value[name]) for name, form in CHANGEABLE.items() if name in value
    )


def _restated(notation: str) -> str:
    """What a body may leave out, a state has: texts as "", all else as null."""
    return notation.replace("?:text", ":text").replace("?:instant", ":instant?")


_STATES: dict[str, tuple[tuple[str, ...], Form]] = {
    "key": (
        ("key",),
        _form(
            _restated(KEY)
            + " venue:text registered_at:instant seen:text rotated_from:text? rotated_to:text? "
            "listed:instant? missing:instant? first_use:instant? last_use:instant?",
            proof=_form("by:text observed_at:instant?"),
            revoke=_or_null(_form("at:instant reason:text by:text at_venue:text")),
            confirmed=_or_null(_form("at:instant method:text meaning:text checked_at:instant")),
            invalidated=_or_null(_form("at:instant noticed_at:instant stage:text venue_ref:text?")),
            forgotten=_or_null(_form("at:instant by:text reason:text living:bool")),
            last_review=_or_null(_form("review:text decision:text at:instant")),
        ),
    ),
    "grant": (
        ("grant", "key"),
        _form(
            "grant:text key:text person:text capacity:text party:text? from:instant until:instant? "
            "basis:text approval:text given_at:instant",
            ended=_or_null(_form("at:instant told_at:instant reason:text by:text")),
        ),
    ),
    "party": (
        ("party",),
        _form(_restated(PARTY), contracts=_by_name(_form("from:instant until:instant"), least=1)),
    ),
    "approval": (
        ("approval",),
        _form(
            "approval:text action:text subject:object requested_by:text requested_at:instant reason:text "
            "decided_by:text? decision:text? decided_at:instant?"
        ),
    ),
    "review": (
        ("review",),
        _form(
            "review:text opened_at:instant reviewers:texts due:instant",
            items=_ITEMS,
            decisions=_each(_form("item:text decision:text by:text at:instant")),
            results=_each(_form("item:text result:text at:instant")),
            closed=_or_null(_form("at:instant by:text decided:int undecided:int changed:int")),
        ),
    ),
    "incident": (
        ("incident",),
        _form(
            INCIDENT + " opened_at:instant",
            notes=_each(_form("at:instant note:text containment:text?")),
            closed=_or_null(_form("at:instant root_cause:text actions:texts")),
        ),
    ),
    "exception": (
        ("exception",),
        _form(
            EXCEPTION.replace("key?:text", "key:text?") + " opened_at:instant",
            closed=_or_null(_form("at:instant reason:text")),
        ),
    ),
    "stranger": (("key",), _form("key:text since:instant listed:instant? missing:instant?")),
}


def _snapshot(id_of: tuple[str, ...], state: Form) -> Form:
    whole = _form("id:text", state=state)
    return lambda value: whole(value) and value["id"] == "/".join(value["state"][one] for one in id_of)


_FIRM: dict[str, Form] = {
    "log.genesis": _body("log_id:text origin:text role:text firm:object"),
    "agent.enroll": _body("origin:text vkey:text host:text from:instant"),
    "agent.retire": _body("origin:text at:instant last_seal:int"),
    "log.gap": _body("from:instant to:instant cause:text"),
    "log.torn": _body("at:instant"),
    "clock.check": _body("offset_ms:int source:text ok:bool"),
    "signer.add": _body("role:text public_key:text label:text from:instant"),
    "signer.remove": _body("role:text public_key:text label:text from:instant"),
    "policy.set": _body("name:text version:text sha256:text params:object"),
}
_SCOPES_VENUE = _body("scopes_origin?:text")
_PERIOD = _form("from:instant to:instant tz:text")
_OBSERVE = _body("key:text by:text scopes_granted:texts ip_allow:texts expires_at?:instant status:text")
_VENUE: dict[str, Form] = {
    "key.register": _body(KEY + " scopes_venue:object"),
    "key.observe": lambda body: _OBSERVE(body) and _SCOPES_VENUE(body.get("scopes_venue", {})),
    "venue.keys_listed": _body("by:text count:int keys:texts unknown:texts"),
    "key.update": _body("key:text", changes=_is_changes),
    "key.rotate": _body("old:text new:text reason:text"),
    "key.revoke": _body("key:text reason:text by:text at_venue:text"),
    "key.remove": _body("key:text by:text reason:text living:bool"),
    "key.revoke_confirmed": _body("key:text method:text checked_at:instant meaning:text"),
    "key.invalidated_by_venue": _body("key:text noticed_at:instant stage:text venue_ref?:text"),
    "access.grant": _body(
        "grant:text key:text person:text capacity:text party?:text from:instant until?:instant basis:text "
        "approval:text"
    ),
    "access.revoke": _body("grant:text at:instant reason:text by:text"),
    "handout": _body("key:text grant?:text person:text host:text process:text mode:text lease_s:int"),
    "handout.denied": _body("key?:text person?:text host:text process:text reason:text"),
    "party.set": _body(PARTY),
    "approval.request": _body("approval:text action:text subject:object by:text reason:text"),
    "approval.decide": _body("approval:text by:text decision:text"),
    "review.open": _body("review:text reviewers:texts due:instant", items=_ITEMS),
    "review.decide": _body("review:text item:text decision:text by:text"),
    "review.apply": _body("review:text item:text result:text"),
    "review.close": _body("review:text by:text decided:int undecided:int changed:int"),
    "exception.open": _body(EXCEPTION),
    "exception.close": _body("exception:text reason:text"),
    "incident.open": _body(INCIDENT),
    "incident.update": _body("incident:text note:text containment?:text"),
    "incident.close": _body("incident:text root_cause:text actions:texts"),
    "attestation.issued": _body("attestation_id:text serial:int statement_sha256:text", period=_PERIOD),
    **{f"snapshot.{kind}": _snapshot(*state) for kind, state in _STATES.items()},
}


def fits(record: Record) -> bool:
    """Whether the body is of the form of its type; a type without rules has any."""
    return fits_body(record.stream, record.type, record.body)


def fits_body(stream: str, type_: str, body: Mapping[str, Any]) -> bool:
    """The same of a body as it is decoded."""
    form = (_FIRM if stream == FIRM else _VENUE).get(type_)
    return form is None or form(body)
