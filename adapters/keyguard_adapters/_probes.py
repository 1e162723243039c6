"""What a key may do, where the venue does not tell: found out by harmless calls, so inferred only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from keyguard.core.errors import Refused
from keyguard.core.exchange import Fault, KeyReport, Request, ScopeNames, Step
from keyguard.core.keys import Origin, Scope
from keyguard_adapters._checks import instant, rows, text


@dataclass(frozen=True, slots=True)
class Probe:
    """A reading call that needs just the one permission `grant`.

    `expected` looks at the answer and raises LookupError, TypeError or ValueError for another than the
    documented one: what is not understood proves no permission.
    """

    grant: str
    request: Request
    expected: Callable[[Any], object]


def inferred(
    public_id: str, names: ScopeNames, probes: Iterable[Probe], unknown: Scope, note: str
) -> Step[KeyReport]:
    """Report what the probes show: refused for lack of the permission means not held.

    `unknown`: what no safe call tells; `note` says so to a person. A call refused for what it asks (for a
    parameter) tells nothing of its permission, which joins the unknown, unless no call tells more. Any other
    refusal is raised.
    """
    held: list[str] = []
    lacking: list[str] = []
    untold: dict[str, Refused] = {}
    for probe in probes:
        try:
            reply = yield probe.request
        except Refused as refusal:
            if refusal.fault is Fault.SCOPE:
                lacking.append(probe.grant)
            elif refusal.fault in (Fault.OTHER, Fault.NOT_FOUND):
                untold[probe.grant] = refusal
            else:
                raise
        else:
            probe.expected(reply.json)
            held.append(probe.grant)
    if untold and not held and not lacking:
        raise untold.popitem()[1]
    grants = tuple(sorted(held))
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
