"""How a key's excess, its danger and what would be done about it are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyguard.cli import views
from keyguard.core.keys import scope_names
from keyguard.workflows.proposal import Fix

if TYPE_CHECKING:
    from keyguard.cli.output import Output
    from keyguard.core.danger import Danger
    from keyguard.core.excess import Excess, Usage
    from keyguard.core.keys import Scope
    from keyguard.workflows.proposal import Proposal

UNSEEN = "not seen: a hand-out does not tell what the secret was used for"

_FIXES = {
    Fix.EDIT: "edit in place by API",
    Fix.GUIDE: "edit in place at the venue's page, step by step",
    Fix.REISSUE: "re-issue: this venue narrows no key in place, so a rotation to a narrower one",
}


def tell(out: Output, proposal: Proposal) -> None:
    """One key: what it may, needs and was seen used for; what is too much; what would be done."""
    subject, excess = proposal.subject, proposal.excess
    out.data(proposal.key.name, style="bold")
    if subject.seen is not None and excess is not None:
        report = subject.seen.report
        out.data(f"  granted  {views.scopes_text(report)}   as seen {views.instant(subject.seen.at)}")
        out.data(f"  needed   {names(proposal.key.needs) or 'nobody declared it'}")
        out.data(f"  used     {_used(subject.usage)}")
        if excess.scopes:
            out.data(f"  excess   {names(excess.scopes)}", style="yellow")
        out.data(f"  ips      {views.ips_text(report)}; {_addresses(subject.usage, excess)}")
    out.data(f"  danger   {proposal.danger.words}", style="red" if excess and proposal.spec else "")
    if proposal.spec is None:
        out.data(f"  fix      none: {proposal.why}")
    else:
        kept = f"{names(proposal.spec.scopes)} from {_kept(proposal)}"
        out.data(f"  fix      {_FIXES[proposal.fix]}")
        out.data(f"  to       {kept}")
        out.data(f"  left     {proposal.then.words}")
        for note in (*(excess.notes if excess else ()), *filter(None, (proposal.why,))):
            out.data(f"  note     {note}")
    if proposal.shared:
        desks = ", ".join(subject.desks)
        out.data(f"  split    people of {desks} use it: better a key for each desk (keyguard key add)")


def document(proposal: Proposal) -> dict[str, Any]:
    """The same as JSON."""
    subject, excess = proposal.subject, proposal.excess
    report = subject.seen.report if subject.seen else None
    return {
        "key": proposal.key.name,
        "observed": views.observation_document(subject.seen) if subject.seen else None,
        "needed": list(scope_names(proposal.key.needs)),
        "used": _usage_document(subject.usage),
        "excess": None
        if excess is None
        else {
            "scopes": list(scope_names(excess.scopes)),
            "scopes_not_told": list(scope_names(excess.untold)),
            "ips": list(excess.ips),
            "any_address": report is not None and report.ips == (),
            "used_but_not_open": list(excess.closed),
        },
        "danger": danger_document(proposal.danger),
        "fix": proposal.fix.value,
        "why": proposal.why,
        "to": None
        if proposal.spec is None
        else {
            "scopes": list(scope_names(proposal.spec.scopes)),
            "ips": list(proposal.spec.ips) if proposal.spec.ips_told else None,
            "danger": danger_document(proposal.then),
        },
        "notes": list(excess.notes) if excess else [],
        "desks": list(subject.desks),
    }


def danger_document(danger: Danger) -> dict[str, Any]:
    """What a thief could do, as JSON."""
    return {
        "gravity": danger.gravity.name.lower(),
        "words": danger.words,
        "scopes": list(scope_names(danger.scopes)),
        "scopes_not_told": list(scope_names(danger.untold)),
        "origin": danger.origin.value,
        "ips": None if danger.ips is None else list(danger.ips),
        "ends_at": views.instant(danger.ends_at),
        "ended": danger.ended,
        "held_by": list(danger.holders),
        "balance": None,
    }


def names(scopes: Scope) -> str:
    """Scopes as people write them."""
    return ",".join(scope_names(scopes))


def _used(usage: Usage) -> str:
    used = UNSEEN if usage.scopes is None else names(usage.scopes) or "nothing"
    if not usage.handouts:
        return "not seen: it was not handed out"
    last = f", last {views.instant(usage.last)}" if usage.last else ""
    by = f", by {', '.join(usage.persons)}" if usage.persons else ""
    purposes = f", for {'; '.join(usage.purposes)}" if usage.purposes else ""
    return f"{used} (hand-outs: {usage.handouts}{last}{by}{purposes})"


def _addresses(usage: Usage, excess: Excess) -> str:
    """From where it is used, against from where it works."""
    parts = [f"in use {', '.join(usage.addresses)}" if usage.addresses else "in use: not seen"]
    if usage.unplaced:
        parts.append(f"address not declared of {', '.join(usage.unplaced)}")
    if excess.ips:
        parts.append(f"not seen in use {', '.join(excess.ips)}")
    if excess.closed:
        parts.append(f"used from {', '.join(excess.closed)}, to which it is not open")
    return "; ".join(parts)


def _kept(proposal: Proposal) -> str:
    assert proposal.spec is not None
    if not proposal.spec.ips_told:
        return "the addresses it has, which the venue does not tell"
    return ", ".join(proposal.spec.ips) or "any address"


def _usage_document(usage: Usage) -> dict[str, Any]:
    return {
        "scopes": None if usage.scopes is None else list(scope_names(usage.scopes)),
        "handouts": usage.handouts,
        "last": views.instant(usage.last),
        "persons": list(usage.persons),
        "hosts": list(usage.hosts),
        "purposes": list(usage.purposes),
        "ips": list(usage.addresses),
        "hosts_without_address": list(usage.unplaced),
    }
