"""Options and words shared by the commands about people and rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyguard.cli.views import instant
from keyguard.core.errors import UsageError
from keyguard.core.keys import scope_names

if TYPE_CHECKING:
    import argparse
    from enum import Enum

    from keyguard.core.keys import Key
    from keyguard.core.people import Approval, Desk, Grant, Party, Person, Span

DATE_HELP = "ISO date or instant; a date lasts to its end, UTC"
REASON_HELP = "stands in evidence for the venues concerned: name nobody"


def start(text: str | None) -> datetime | None:
    """Parse `2026-12-01` (its beginning) or `2026-12-01T09:00+09:00`; UsageError for anything else."""
    return _parsed(text)[0] if text else None


def end(text: str | None) -> datetime | None:
    """As `start`, but a date is included: it ends where the next day begins, UTC."""
    if not text:
        return None
    at, whole_day = _parsed(text)
    return at + timedelta(days=1) if whole_day else at


def needed_end(text: str) -> datetime:
    """As `end`, for an option that must be given."""
    at = end(text)
    if at is None:
        raise UsageError("a date is missing", code="usage.date", hint=DATE_HELP)
    return at


def _parsed(text: str) -> tuple[datetime, bool]:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no date", code="usage.date", hint="such as 2026-12-31 or 2026-12-31T18:00+09:00"
        ) from None
    whole_day = len(text) == len("2026-12-31")
    if at.tzinfo is None and not whole_day:
        raise UsageError(
            f"{text!r} has no time zone", code="usage.date", hint="end it with Z, or with +09:00"
        )
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC), whole_day


def choices(parser: argparse.ArgumentParser, option: str, kind: type[Enum], **settings: Any) -> None:
    """Declare an option that takes the words of an enumeration."""
    words = [member.value for member in kind]
    parser.add_argument(option, choices=words, metavar="|".join(words), **settings)


def os_users(given: list[str]) -> tuple[tuple[str, str], ...]:
    """Parse `bot` and `bot@host-1` into (user, host)."""
    pairs = []
    for text in given:
        user, _, host = text.partition("@")
        if not user:
            raise UsageError(f"{text!r} names no OS user", code="usage", hint="such as bot or bot@host-1")
        pairs.append((user, host))
    return tuple(pairs)


def until_text(at: datetime | None) -> str:
    """The last day that is included, or the instant where it is not the end of a day; "-" for no end."""
    if at is None:
        return "-"
    if at == at.replace(hour=0, minute=0, second=0, microsecond=0):
        return f"{at - timedelta(days=1):%Y-%m-%d}"
    return f"{at:%Y-%m-%d %H:%MZ}"


def state_text(span: Span, now: datetime) -> str:
    """Where in its time something is."""
    if span.over(now):
        return "ended"
    return "active" if span.begun(now) else "to come"


def grant_state(grant: Grant, now: datetime) -> str:
    """The same of a grant, which may wait or be rejected."""
    if grant.state.value == "given" or grant.span.over(now):
        return state_text(grant.span, now)
    return {"asked": "waits", "rejected": "rejected"}[grant.state.value]


def subject_text(grant: Grant, keys: dict[str, Key]) -> str:
    """What a grant is about: a key's name, or a desk."""
    if grant.desk:
        return f"desk {grant.desk}"
    return keys[grant.key_id].name if grant.key_id in keys else grant.key_id


def bounds_text(grant: Grant) -> str:
    """What a grant is bound to; "" where to nothing."""
    bounds = (("host", grant.hosts), ("user", grant.users), ("program", grant.executables))
    return "; ".join(f"{name} {', '.join(values)}" for name, values in bounds if values)


def desk_document(desk: Desk, keys: list[Key]) -> dict[str, Any]:
    """A desk as JSON."""
    return {
        "name": desk.name,
        "purpose": desk.purpose,
        "head": desk.head,
        **span_document(desk.span),
        "keys": [key.name for key in keys if key.desk == desk.name],
    }


def person_document(person: Person) -> dict[str, Any]:
    """A person as JSON."""
    return {
        "id": person.id,
        "name": person.name,
        "capacity": person.capacity.value,
        "party": person.party or None,
        "environment": person.environment.value,
        "roles": sorted(role.value for role in person.roles),
        "os_users": [
            {"user": user.user, "host": user.host or None, **span_document(user.span)}
            for user in person.users
        ],
        **span_document(person.span),
    }


def party_document(party: Party) -> dict[str, Any]:
    """A party as JSON."""
    return {
        "id": party.id,
        "kind": party.kind.value,
        "relation": party.relation,
        "name": party.name,
        "country": party.country,
        "contracts": [
            {"reference": one.reference, "from": instant(one.since), "until": instant(one.until)}
            for one in party.contracts
        ],
        "diligence_at": instant(party.diligence_at),
        "diligence_until": instant(party.diligence_until),
        **span_document(party.span),
    }


def grant_document(grant: Grant, keys: dict[str, Key], now: datetime) -> dict[str, Any]:
    """A grant as JSON."""
    return {
        "id": grant.id,
        "person": grant.person,
        "key": keys[grant.key_id].name if grant.key_id in keys else grant.key_id or None,
        "desk": grant.desk or None,
        "scopes": list(scope_names(grant.scopes)),
        "purpose": grant.purpose,
        "hosts": list(grant.hosts),
        "os_users": list(grant.users),
        "executables": list(grant.executables),
        "state": grant_state(grant, now).replace(" ", "_"),
        "given_by": grant.given_by,
        "approval": grant.approval,
        **span_document(grant.span),
    }


def approval_document(approval: Approval) -> dict[str, Any]:
    """An approval as JSON."""
    instead = approval.compensation
    return {
        "id": approval.id,
        "action": approval.action.value,
        "rule": approval.rule or None,
        "subject": dict(approval.subject),
        "asked_by": approval.asked_by,
        "asked_at": instant(approval.asked_at),
        "why": approval.why,
        "decision": approval.decision.value if approval.decision else None,
        "decided_by": approval.decided_by or None,
        "decided_at": instant(approval.decided_at),
        "comment": approval.comment,
        "signature": approval.signature or None,
        "compensating": instead and {"control": instead.control, "until": instant(instead.until)},
    }


def span_document(span: Span) -> dict[str, Any]:
    """From when to when, as planned and as it came."""
    return {"from": instant(span.since), "until": instant(span.until), "ended_at": instant(span.ended_at)}
