"""The record types of KGA/1 §5.3 and what their bodies hold, as data; checked when a record is written.

A body is written as `member:kind`, `member?:kind` where it may be absent. Absent means absent, never null.
Kinds are in `_KINDS`; a kind with `|` lists the allowed words. The table grows by addition only;
`scopes_venue` of `key.observe` is such an addition: the venue's own words, and how they are known; so are
`store.migrate`, `store.rewrap`, `backup.create` and `log.restore`: where secrets and log came to be;
`snapshot.key` and its like: what a snapshot restates, in the form of `kga/derive/state.py`;
the role `approver` of a signer: whose approvals are signed with it;
`seals` and `root` of `log.restore`: the newest checkpoint anybody holds, which the log was shown to continue;
`key.remove`: that a key was forgotten here, and whether it lives on at the venue; and `people.change`: that
a desk, person, party, grant or approval was declared, changed or ended. Every recipient sees that one, so
it names nobody; what changed is in its private part. `orders.cancel`: that a panic is about to cancel all
open orders of an account, with the first of these keys that may, and what came of it. `review.suspend`:
that nothing is handed out under a grant from then on, because nobody answered. `handout.freeze`: hand-outs
stop, or go on again. It and incidents stand in the streams of the venues concerned; in the firm's, and then
without a word of what it is about (`incident.change`), only where no venue is. `attestation.stopped`: a
bundle was made and did not leave; whose and why is in its private part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from keyguard.core import canonical
from keyguard.core.keys import Scope, scope_names
from keyguard.core.slots import FIRM, slot

_SCOPES = frozenset(scope_names(~Scope.NONE))

_STORAGE = "os_keyring|hsm|external_vault|encrypted_file|plain_file|unknown"

_FREEZE = "freeze:id change:set|ended reach:key|desk|venue|person|all"
_SIGNERS = "log|attester|witness|approver"

_FIRM_TYPES = {
    "log.genesis": (
        "log_id:log origin:text role:primary|agent firm:object tool_version:text slots:int registry:int"
    ),
    "agent.enroll": "origin:text vkey:text host:host from:instant",
    "agent.retire": "origin:text at:instant last_seal:int",
    "agent.start": "host:host tool_version:text",
    "agent.stop": "host:host tool_version:text",
    "log.heartbeat": "host:host seq:int",
    "log.gap": "from:instant to:instant cause:text",
    "log.torn": "at:instant",
    "clock.step": "step_ms:int",
    "clock.check": "offset_ms:int source:text ok:bool",
    "signer.add": f"role:{_SIGNERS} public_key:text label:text person?:person from:instant",
    "signer.remove": f"role:{_SIGNERS} public_key:text label:text person?:person from:instant",
    "role.assign": "person_f:person role:compliance_officer|desk_head|key_admin|approver|auditor",
    "role.remove": "person_f:person role:compliance_officer|desk_head|key_admin|approver|auditor",
    "people.change": (
        "kind:desk|person|party|grant|approval|review subject:text "
        "change:declared|changed|asked|rejected|ended|forgotten"
    ),
    "workflow.pause": "by:person reason:free",
    "workflow.resume": "by:person",
    "policy.set": "name:text version:text sha256:hash params:object",
    "store.migrate": (
        f"move:id stage:begun|switched|source_cleared|abandoned from:{_STORAGE} to:{_STORAGE} items:int"
    ),
    "store.rewrap": f"change:passphrase|recovery_add|recovery_remove storage:{_STORAGE} share?:text",
    "backup.create": "backup:id items:int",
    "incident.change": "incident:id change:opened|updated|closed",
    "handout.freeze": f"{_FREEZE}",
    "panic.begin": "scope:text keys:int reason:free",
    "log.late": "records:int sha256:hash",
    "attestation.stopped": "",
    "log.restore": (
        "backup:id made_at:instant records:int chain:hash whole:bool lost?:int seals?:int root?:hash"
    ),
}

_VENUE_TYPES = {
    "key.register": (
        "key:key hint?:text account:text sub_account?:text kind:hmac|rsa|ed25519|es256|oauth|other "
        "purpose:text desk:text owner:person scopes_granted:scopes scopes_needed:scopes scopes_venue:object "
        "ip_allow:texts ip_supported:bool created_at?:instant expires_at?:instant "
        f"storage:{_STORAGE} source:created_here|imported"
    ),
    "key.observe": (
        "key:key by:venue_api|venue_web scopes_granted:scopes scopes_venue?:object ip_allow:texts "
        "expires_at?:instant status:text evidence_sha256?:hash"
    ),
    "venue.keys_listed": "by:venue_api|venue_web count:int keys:keys unknown:keys",
    "key.update": "key:key changes:object approval?:id",
    "key.rotate": (
        "old:key new:key reason:schedule|leaver|suspicion|leak|venue_request|scope_change|other approval?:id"
    ),
    "key.revoke": "key:key reason:free by:person at_venue:api|web|support",
    "orders.cancel": "keys:keys account:text reason:free by:person",
    "orders.cancel_result": "key:key result:cancelled|refused|unknown|failed orders?:int code?:text",
    "key.remove": "key:key by:person reason:free living:bool",
    "key.revoke_confirmed": (
        "key:key method:text checked_at:instant http_status?:int venue_code?:text "
        "meaning:key_unknown|key_expired|key_disabled|list_absent|manual_screenshot attempts:int "
        "evidence_sha256?:hash"
    ),
    "workflow.pause": "key:key workflow:text by:person reason:free",
    "workflow.resume": "key:key workflow:text by:person",
    "key.invalidated_by_venue": (
        "key:key noticed_at:instant stage:monitoring|warning|reverify|forced_expiry|unknown venue_ref?:text"
    ),
    "access.grant": (
        "grant:id key:key person:person capacity:employee|contractor|affiliate_staff|vendor_staff|service "
        "party?:party from:instant until?:instant basis:free approval:id"
    ),
    "access.revoke": "grant:id at:instant reason:free by:person",
    "handout": (
        "key:key grant?:id person:person host:host process:text mode:env|stdin|socket|file|sign_only "
        "lease_s:int purpose?:text"
    ),
    "handout.freeze": f"{_FREEZE} keys?:keys person?:person incident?:id",
    "handout.denied": "key?:key person?:person host:host process:text reason:free",
    "party.set": (
        "party:party kind:affiliate|contractor|vendor|issuer|client relation:text name?:text country?:text "
        "contract_ref_sha256:hash contract_from:instant contract_until:instant diligence_at?:instant "
        "diligence_until?:instant"
    ),
    "approval.request": "approval:id action:text subject:object by:person reason:free",
    "approval.decide": "approval:id by:person decision:approve|reject comment_sha256?:hash",
    "review.open": "review:id items:list reviewers:persons due:instant",
    "review.decide": "review:id item:text decision:keep|reduce|remove|unknown by:person reason?:free",
    "review.suspend": "review:id item:text from:instant",
    "review.apply": "review:id item:text result:text",
    "review.close": "review:id by:person decided:int undecided:int changed:int",
    "exception.open": (
        "exception:id control:text key?:key reason:free compensating:free until:instant approval:id"
    ),
    "exception.close": "exception:id reason:free",
    "incident.open": (
        "incident:id class:suspected_sharing|leak|loss|misuse|venue_notice|other keys:keys "
        "detected_at:instant how:free"
    ),
    "incident.update": "incident:id note:free containment?:free",
    "incident.close": "incident:id root_cause:free actions:frees",
    "snapshot.begin": "",
    **{
        f"snapshot.{kind}": "id:text state:restated"
        for kind in "key grant party approval review incident exception stranger".split()
    },
    "snapshot.end": "",
    "attestation.issued": "attestation_id:text serial:int period:object statement_sha256:hash",
}


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _each(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list | tuple) and all(kind(item) for item in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_instant(value: Any) -> bool:
    try:
        canonical.parse_instant(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_scope(value: Any) -> bool:
    return isinstance(value, str) and value in _SCOPES


_is_key = _matches("[0-9a-f]{64}")
_is_person = _matches("p_[0-9a-f]{20}")

_KINDS: dict[str, Callable[[Any], bool]] = {
    "text": _is_text,
    "texts": _each(_is_text),
    "free": _is_text,  # the sentences people write: longer than other texts
    "frees": _each(_is_text),
    "int": lambda value: type(value) is int,
    "bool": lambda value: type(value) is bool,
    "instant": _is_instant,
    "object": lambda value: isinstance(value, dict),
    "restated": lambda value: isinstance(value, dict),  # what other records said: their longest texts too
    "list": lambda value: isinstance(value, list | tuple),
    "scopes": _each(_is_scope),
    "hash": _matches("[0-9a-f]{64}"),
    "log": _matches("[0-9a-f]{16}"),
    "id": _matches("[a-z]{2}_[0-9a-f]{16}"),
    "key": _is_key,
    "keys": _each(_is_key),
    "person": _is_person,
    "persons": _each(_is_person),
    "host": _matches("h_[0-9a-f]{20}"),
    "party": _matches("o_[0-9a-f]{20}"),
}


@dataclass(frozen=True, slots=True)
class _Member:
    kind: str
    fits: Callable[[Any], bool]
    optional: bool


_LATE = "late?:instant"
"""In any body: when it was written to an emergency file, where it was appended later than that."""


def check_body(stream: str, type_: str, body: Mapping[str, Any]) -> None:
    """Raise ValueError unless this body may be written under this type into this stream."""
    slot(stream)
    known = _FIRM_TYPES if stream == FIRM else _VENUE_TYPES
    if type_ not in known:
        raise ValueError(
            f"no record type {type_!r} in {'the firm stream' if stream == FIRM else 'a venue stream'}"
        )
    members = _members(f"{known[type_]} {_LATE}")
    for name, member in members.items():
        if name in body:
            if not member.fits(body[name]):
                raise ValueError(f"{name}: not of the form {member.kind}")
        elif not member.optional:
            raise ValueError(f"{name} is missing")
    if len(body) > len(members) or not body.keys() <= members.keys():
        raise ValueError(f"{type_} has a member that is not of its type")

    restated = any(member.kind == "restated" for member in members.values())

    def check_text(text: str, name: str) -> None:
        free = restated or (name in members and members[name].kind in ("free", "frees"))
        longest = canonical.LONGEST_FREE if free else canonical.LONGEST
        canonical.check_record_text(text, name, longest=longest)

    canonical.check(dict(body), check_text)


@cache
def _members(notation: str) -> dict[str, _Member]:
    members = {}
    for part in notation.split():
        name, kind = part.split(":")
        fits = _matches(kind) if "|" in kind else _KINDS[kind]
        members[name.removesuffix("?")] = _Member(kind, fits, optional=name.endswith("?"))
    return members
