"""Checks that several venues' adapters share: of what a venue answered, and of what is asked of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

from keyguard.core.errors import NotOffered, Refused, UsageError
from keyguard.core.exchange import (
    Ask,
    Facts,
    Fault,
    IpForm,
    KeyReport,
    KeySpec,
    Reply,
    Request,
    ScopeNames,
    Step,
)
from keyguard.core.keys import Origin, Scope, scope_names
from keyguard.core.secret import Secret

_STILL = "nothing was changed"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # no call of the system: those fail in ways of their own


def text(value: Any) -> str:
    """Return a non-empty text of an answer; raises ValueError for anything else."""
    if not isinstance(value, str) or not value:
        raise ValueError("a text was expected")
    return value


def rows(value: Any) -> list[Any]:
    """Return a list of an answer; raises ValueError, for "no keys" and "misread" must not look alike."""
    if not isinstance(value, list):
        raise ValueError("a list was expected")
    return value


def instant(value: str) -> datetime:
    """Parse an ISO 8601 instant with its offset into UTC; raises ValueError without an offset."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("an instant without an offset")
    return moment.astimezone(UTC)


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


def own(reports: Iterable[KeyReport], public_id: str) -> KeyReport:
    """The one report of this key; raises ValueError where it is missing or told twice."""
    (found,) = [report for report in reports if report.public_id == public_id]
    return found


def from_ms(value: Any) -> datetime:
    """Unix milliseconds, as number or digits, as UTC; raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("milliseconds were expected")
    return _EPOCH + timedelta(milliseconds=int(value))


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


def commas(value: Any) -> tuple[str, ...]:
    """The entries of a comma-separated text, () for the empty one; raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("a comma-separated text was expected")
    return tuple(entry.strip() for entry in value.split(",")) if value.strip() else ()


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


def probe(request: Request, read: Callable[[Any], object] = bool) -> Step[bool | None]:
    """Whether the calling key holds the permission for a reading call; None where the answer tells neither.

    A refusal that says something of the key or the moment (IP, clock, rate …) is raised: it infers nothing.
    Nor does an answer that is no JSON, or that `read` does not take (ValueError, LookupError …).
    """
    try:
        reply = yield request
    except Refused as refusal:
        if refusal.fault is Fault.SCOPE:
            return False
        if refusal.fault in (Fault.OTHER, Fault.NOT_FOUND):
            return None
        raise
    read(reply.json)
    return True


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


def flag(value: Any) -> bool:
    """Return true or false of an answer; raises ValueError for anything else, "false" and 0 included."""
    if not isinstance(value, bool):
        raise ValueError("true or false was expected")
    return value


def from_seconds(value: Any) -> datetime:
    """Unix seconds, as number or digits, as UTC; raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("seconds were expected")
    return _EPOCH + timedelta(seconds=int(value))


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


def words(value: Any) -> str:
    """Return a text of an answer, which may be empty; raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("a text was expected")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """Return a list of non-empty texts of an answer; raises ValueError for anything else."""
    return tuple(text(one) for one in rows(value))
