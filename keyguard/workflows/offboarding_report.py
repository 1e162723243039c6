"""The report of an off-boarding: what ended when, which keys were touched, and what became of each.

It is made of facts that are on record (grants, hand-outs, proofs of death), so whoever makes it again after a
crash, or a month later, makes the same with what has happened since. It is kept so that it can be shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from keyguard.core.canonical import parse_instant
from keyguard.core.incidents import Report
from keyguard.core.keys import Key, scope_names
from keyguard.ports.all import Ports
from keyguard.workflows import offboard
from keyguard.workflows.offboard import Handed, Plan, Touched
from keyguard.workflows.records import instant

FORM = "keyguard/offboarding/1"


def keep(ports: Ports, kind: str, subject: str, plans: Sequence[Plan]) -> Report:
    """Make the report of a person or a party (`kind`) and keep it; an earlier one of the same grows."""
    before = next(
        (one for one in ports.incidents.reports() if (one.kind, one.subject) == (kind, subject)), None
    )
    now = ports.clock.now()
    told = document(ports, kind, subject, plans, now)
    text = json.dumps(told, ensure_ascii=False, sort_keys=True)
    id_ = before.id if before else f"rp_{ports.clock.token(8).hex()}"
    report = Report(id_, kind, subject, before.at if before else now, text)
    ports.incidents.put_report(report)
    return report


def merged(plans: Iterable[Plan]) -> list[Touched]:
    """The keys of all plans in the order in which to rotate them, each once with what all had of it."""
    found: dict[str, Touched] = {}
    for plan in plans:
        for one in plan.keys:
            known = found.get(one.key.id)
            found[one.key.id] = one if known is None else _both(known, one)
    return sorted(found.values(), key=offboard.order)


def _both(one: Touched, other: Touched) -> Touched:
    return replace(
        one,
        could_use=one.could_use or other.could_use,
        handouts=one.handouts + other.handouts,
        revealed=one.revealed + other.revealed,
        last=max((at for at in (one.last, other.last) if at is not None), default=None),
        running=one.running + other.running,
    )


def document(ports: Ports, kind: str, subject: str, plans: Sequence[Plan], now: datetime) -> dict[str, Any]:
    """The report as JSON. `state` of a key: `dead` (every version they were handed is proven dead), `open`
    (one still works), `could_use` (they were never handed it). Null is what is not known."""
    left = [plan.person.span.ended_at for plan in plans]
    ended = [at for at in left if at is not None]
    begun = min(ended, default=None)
    keys = _keys(ports, plans, begun)
    dead = [key["dead_at"] for key in keys if key["state"] == "dead"]
    return {
        "form": FORM,
        "kind": kind,
        "subject": subject,
        "made_at": instant(now),
        "left_at": _instant(begun),
        "people": [_person(ports, plan) for plan in plans],
        "keys": keys,
        "owned_keys": sorted({key.name for plan in plans for key in plan.owned}),
        "pending_approvals": sorted({one.id for plan in plans for one in plan.asked}),
        "open": sum(key["state"] == "open" for key in keys),
        "dead": len(dead),
        "last_dead_at": max((at for at in dead if at), default=None),
    }


def _person(ports: Ports, plan: Plan) -> dict[str, Any]:
    grants = ports.people.grants(person=plan.person.id)
    return {
        "person": plan.person.id,
        "capacity": plan.person.capacity.value,
        "party": plan.person.party or None,
        "left_at": _instant(plan.person.span.ended_at),
        "grants": [
            {
                "grant": grant.id,
                "desk": grant.desk or None,
                "key": _name(ports, grant.key_id),
                "from": instant(grant.span.since),
                "ended_at": _instant(grant.span.end),
            }
            for grant in grants
        ],
    }


def _keys(ports: Ports, plans: Sequence[Plan], begun: datetime | None) -> list[dict[str, Any]]:
    """Those that still work first, in the order in which to rotate them; then those proven dead, by name."""
    working = merged(plans)
    lines = [_line(ports, one.key, plans, one, begun) for one in working]
    known = {one.key.id for one in working}
    others = [key for key in ports.inventory.keys() if key.id not in known]  # noqa: SIM118 - of the port
    lines += [_line(ports, key, plans, None, begun) for key in others if _past(ports, key, plans)]
    return lines


def _line(
    ports: Ports, key: Key, plans: Sequence[Plan], one: Touched | None, begun: datetime | None
) -> dict[str, Any]:
    past = _past(ports, key, plans)
    handed = {
        version.fingerprint
        for version in ports.inventory.versions(key.id)
        if any(version.fingerprint in plan.past for plan in plans)
    }
    proof = _last_proof(ports, key, handed)
    state = "open" if one is not None and one.must_rotate else "dead" if past else "could_use"
    dead_at = proof["at"] if proof and state == "dead" else None
    return {
        "key": key.name,
        "state": state,
        "scopes": list(scope_names(one.scopes)) if one is not None and one.scopes is not None else None,
        "any_address": None if one is None else one.any_address,
        "holders": None if one is None else one.holders,
        "could_use": one is not None and one.could_use,
        "handouts": len(past),
        "revealed": sum(handed.revealed for handed in past),
        "first_handout": _instant(min((handed.at for handed in past), default=None)),
        "last_handout": _instant(max((handed.at for handed in past), default=None)),
        "running_pids": sorted({lease.pid for lease in one.running}) if one is not None else [],
        "dead_at": dead_at,
        "seconds_to_dead": _seconds(begun, dead_at),
        "proof": proof["method"] if proof and state == "dead" else None,
        "command": one.command if one is not None and state == "open" else None,
    }


def _past(ports: Ports, key: Key, plans: Sequence[Plan]) -> list[Handed]:
    return [
        handed
        for version in ports.inventory.versions(key.id)
        for plan in plans
        for handed in plan.past.get(version.fingerprint, ())
    ]


def _last_proof(ports: Ports, key: Key, fingerprints: set[str]) -> dict[str, str] | None:
    """When the last of these versions was proven dead, and how."""
    found = []
    for fingerprint in sorted(fingerprints):
        for entry in ports.audit.entries(stream=key.venue, holding=fingerprint.encode()):
            record = json.loads(entry.record)
            if record["type"] == "key.revoke_confirmed" and record["body"]["key"] == fingerprint:
                found.append({"at": record["t"], "method": record["body"]["method"]})
    return max(found, key=lambda proof: proof["at"], default=None)


def _seconds(begun: datetime | None, dead_at: str | None) -> int | None:
    """From the end of their grants to the proof; none for a key that had died before."""
    if begun is None or dead_at is None or (took := parse_instant(dead_at) - begun).days < 0:
        return None
    return int(took.total_seconds())


def _name(ports: Ports, key_id: str) -> str | None:
    return next((key.name for key in ports.inventory.keys() if key.id == key_id), key_id or None)  # noqa: SIM118


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant(at)
