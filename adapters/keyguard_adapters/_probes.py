"""What a key may do, where the venue does not tell: found out by harmless calls, so inferred only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from keyguard.core.calls import Fault, Request, Step
from keyguard.core.errors import Refused
from keyguard.core.exchange import KeyReport, ScopeNames
from keyguard.core.keys import Origin, Scope
from keyguard_adapters._answers import instant, rows, text


@dataclass(frozen=True, slots=True)
class Probe:
    """A reading call that needs just the one permission `grant`.

    `expected` looks at the answer and raises LookupError, TypeError or ValueError for another than the
    documented one: what is not understood proves no permission.
    """

    grant: str
    request: Request
    expected: Callable[[Any], object]


def probe(request: Request, expected: Callable[[Any], object] = bool) -> Step[bool | None]:
    """Whether the calling key holds the permission for a reading call; None where the answer tells neither.

    A refusal that says something of the key or the moment (IP, clock, rate …) is raised: it infers nothing.
    So is what `expected` raises for an answer it does not take.
    """
    told = yield from _told(request, expected)
    return told if isinstance(told, bool) else None


def _told(request: Request, expected: Callable[[Any], object]) -> Step[bool | Refused]:
    """As `probe`, with the refusal that tells neither in place of None."""
    try:
        reply = yield request
    except Refused as refusal:
        if refusal.fault is Fault.SCOPE:
            return False
        if refusal.fault in (Fault.OTHER, Fault.NOT_FOUND):
            return refusal
        raise
    expected(reply.json)
    return True


def inferred(
    public_id: str, names: ScopeNames, probes: Iterable[Probe], unknown: Scope, note: str
) -> Step[KeyReport]:
    """Report what the probes show: refused for lack of the permission means not held.

    `unknown`: what no safe call tells; `note` says so to a person. A call refused for what it asks (for a
    parameter) tells nothing of its permission, which joins the unknown, unless no call tells more. Any other
    refusal is raised.
    """
    told: dict[str, bool | Refused] = {}
    for tried in probes:
        told[tried.grant] = yield from _told(tried.request, tried.expected)
    untold = {grant: outcome for grant, outcome in told.items() if isinstance(outcome, Refused)}
    if untold and len(untold) == len(told):
        raise untold.popitem()[1]
    grants = tuple(sorted(grant for grant, outcome in told.items() if outcome is True))
    scopes = names.read(grants)
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        scopes=scopes,
        scopes_unknown=(unknown | names.read(tuple(untold))) & ~scopes,
        scopes_origin=Origin.INFERRED,
        grants=grants,
        notes=(note,),
    )


def dated(told: Any) -> tuple[KeyReport, ...]:
    """The keys of a list that tells `access_key` and `expire_at` of each, and no more."""
    return tuple(
        KeyReport(
            public_id=text(row["access_key"]),
            ref=text(row["access_key"]),
            expires_at=instant(row["expire_at"]),
            expiry_origin=Origin.REPORTED,
        )
        for row in rows(told)
    )
