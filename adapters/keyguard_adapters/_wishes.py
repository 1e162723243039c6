"""What is asked of a venue: wishes that have to be met exactly, or are refused before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_network

from keyguard.core.calls import Ask, Reply, Request, Step
from keyguard.core.errors import NotOffered, Refused, UsageError
from keyguard.core.exchange import Facts, IpForm, KeyReport, KeySpec, ScopeNames
from keyguard.core.keys import Origin, Scope, scope_names
from keyguard.core.secret import Secret

_STILL = "nothing was changed"


def demand_exact(venue: str, names: ScopeNames, grants: tuple[str, ...], scopes: Scope, *, hint: str) -> None:
    """Raise UsageError unless the grants add up to exactly the scopes, and to some (promise 5)."""
    try:
        given = names.read(grants)
    except ValueError:
        raise UsageError(
            f"{venue} has no permission of that name", code="exchange.cannot_grant", still=_STILL
        ) from None
    if given != scopes or not scopes:
        raise cannot_grant(venue, scopes, hint=hint)


def cannot_grant(venue: str, scopes: Scope, *, hint: str) -> UsageError:
    """The refusal of a key specification that the venue could only meet roughly."""
    asked = ", ".join(scope_names(scopes)) or "none"
    return UsageError(
        f"{venue} cannot grant exactly these scopes: {asked}",
        code="exchange.cannot_grant",
        still=_STILL,
        hint=hint,
    )


def demand_addresses(facts: Facts, ips: tuple[str, ...]) -> None:
    """Raise UsageError unless the venue's IP list takes exactly these entries."""
    most = facts.max_ips
    if (facts.ip_mandatory and not ips) or (most is not None and len(ips) > most):
        least = 1 if facts.ip_mandatory else 0
        limit = "any number of" if most is None else most
        raise UsageError(
            f"a {facts.name} key takes {least} to {limit} addresses, not {len(ips)}",
            code="exchange.addresses",
            still=_STILL,
            hint="name the addresses the desk trades from",
        )
    for ip in ips:
        if _form(ip) not in facts.ip_forms:
            forms = ", ".join(sorted(form.value for form in facts.ip_forms))
            raise UsageError(
                f"an entry of a {facts.name} IP list is one of: {forms}",
                code="exchange.addresses",
                still=_STILL,
            )


def _form(entry: str) -> IpForm | None:
    try:
        network = ip_network(entry)
    except ValueError:
        return None
    if "/" in entry:
        return IpForm.NETWORK4 if network.version == 4 else IpForm.NETWORK6
    return IpForm.IPV4 if network.version == 4 else IpForm.IPV6


def demand_handle(current: KeyReport) -> str:
    """What the venue calls the key to act on: without it some venues would act on the calling key."""
    if not current.ref:
        raise UsageError(
            "the venue's handle of the key to change is not known",
            code="key.unknown",
            still=_STILL,
            hint="ask the venue about the key first: keyguard key inspect",
        )
    return current.ref


def demand_label(facts: Facts, label: str) -> str:
    """Return the label; raises UsageError for one the venue does not take."""
    if not re.fullmatch(facts.label_pattern, label):
        raise UsageError(
            f"{facts.name} takes no key of the name {label!r} (it has to match {facts.label_pattern})",
            code="key.label",
            still=_STILL,
        )
    return label


def demand_account(facts: Facts, account: str, what: str = "id", pattern: str = r"[0-9]+") -> str:
    """Return the sub-account; raises UsageError for a name that cannot be one: it goes into paths."""
    if not re.fullmatch(pattern, account):
        raise UsageError(
            f"{facts.name} manages keys of a sub-account by API only, and its {what} is not known",
            code="account.needed",
            still=_STILL,
            hint="ask the venue about the key first (keyguard key inspect), or give --account",
        )
    return account


def new_passphrase(facts: Facts) -> Step[Secret]:
    """The passphrase of the key about to be made: 27 letters and digits of all three kinds."""
    answer = yield Ask("new_passphrase", f"a new passphrase for a {facts.name} key, letters and digits")
    return Secret(answer)


def passphrase_of(facts: Facts, current: KeyReport) -> Step[Secret]:
    """The passphrase of an existing key, without which the venue changes nothing of it."""
    prompt = f"{facts.name} wants the passphrase of the key {current.label or current.public_id[-4:]}"
    answer = yield Ask("passphrase", prompt, key=current.public_id)
    return Secret(answer)


def changed(request: Request, reasons: Mapping[str, str], facts: Facts, still: str) -> Step[Reply]:
    """Send what changes something; NotOffered for a refusal that only a person on the web page gets past."""
    try:
        reply: Reply = yield request
    except Refused as refusal:
        reason = reasons.get(refusal.venue_code)
        if reason is None:
            raise
        raise NotOffered(reason, code="exchange.web_only", still=still, hint=facts.key_page) from None
    return reply


def needs_another_key(facts: Facts, what: str = "the permissions of a key") -> NotOffered:
    """The refusal of a change at a venue where only a new key can be what is wanted."""
    return NotOffered(
        f"{facts.name} cannot change {what}",
        code="exchange.not_offered",
        still="the key is as it was",
        hint="issue a new key with the rights wanted, then delete this one: keyguard key rotate",
    )


def no_longer_open(facts: Facts) -> NotOffered:
    """The refusal to ask a venue that closed: whatever came back would prove nothing."""
    return NotOffered(
        f"{facts.name} closed on {facts.closed}: nothing there can be asked",
        code="exchange.closed",
        still="nothing was sent; a stored key stays stored",
        hint="see that its balances were withdrawn; a key of it is of no use any more",
    )


def as_wanted(current: KeyReport, wanted: KeySpec) -> KeyReport:
    """What an edit made of a key where the answer says no more than that it was done: inferred."""
    return replace(
        current,
        scopes=wanted.scopes,
        scopes_unknown=Scope.NONE,
        scopes_origin=Origin.INFERRED,
        grants=wanted.grants,
        ips=wanted.ips,
        ips_origin=Origin.INFERRED,
    )
