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

    `unknown`: what no safe call tells; `note` says so to a person. A refusal for any other reason is raised.
    """
    held = []
    for probe in probes:
        try:
            reply = yield probe.request
        except Refused as refusal:
            if refusal.fault is not Fault.SCOPE:
                raise
        else:
            probe.expected(reply.json)
            held.append(probe.grant)
    grants = tuple(sorted(held))
    return KeyReport(
        public_id=public_id,
        ref=public_id,
        scopes=names.read(grants),
        scopes_unknown=unknown,
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
