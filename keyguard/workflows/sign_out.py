"""End a sign-in at its venue, see that its token is refused, and forget it."""

from __future__ import annotations

from dataclasses import dataclass

from keyguard.core import oauth
from keyguard.core.errors import NotOffered, OutcomeUnknown, Refused, UsageError
from keyguard.core.exchange import Credential, Fault
from keyguard.core.keys import Key, KeyKind, KeyVersion, VersionStatus
from keyguard.core.oauth import OAuth
from keyguard.core.sessions import Sessions
from keyguard.core.steps import drive
from keyguard.ports.all import Ports
from keyguard.workflows import credentials, records, refresh, sign_in
from keyguard.workflows.identity import Actor, names
from keyguard.workflows.operations import ask, signed
from keyguard.workflows.plan import REASONS

_ENDED = (Fault.KEY_UNKNOWN, Fault.KEY_EXPIRED, Fault.AMBIGUOUS)
METHOD = "token_refused"
"""The token is refused; it was answered before it was revoked, or its refresh token is refused as well."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The key and its dead version. `worked`: its token was answered before; else it had ended already."""

    key: Key
    version: KeyVersion
    worked: bool


def sign_out(ports: Ports, key_name: str, *, reason: str, actor: Actor) -> SignedOut:
    """Record the end, revoke, and ask with the token: only its refusal is taken for the end.

    Interrupted, the same command goes on. Raises UsageError for another kind of key or a dead one, NotOffered
    where a person has to end it on the venue's page first, Refused where the venue keeps it, OutcomeUnknown
    `oauth.not_ended` where the token is still answered.
    """
    if reason not in REASONS:
        raise UsageError(f"no such reason: {reason}", code="reason", hint="one of " + ", ".join(REASONS))
    key = ports.inventory.find_key(key_name)
    if key.kind is not KeyKind.OAUTH:
        raise UsageError(
            f"{key.name} is no sign-in of an app", code="oauth.kind", hint=f"keyguard key revoke {key.name}"
        )
    with ports.journal.alone(key.id):
        version = _last_alive(ports, key)
        who = credentials.load(ports, version)
        namer, facts = names(ports, key.venue), sign_in.tokens_of(ports, key.venue)
        working = _working(ports, key, version, who)
        body = {
            "key": version.fingerprint,
            "reason": reason,
            "by": namer.person(actor.user),
            "at_venue": "web" if facts.revoke is None else "api",
        }
        records.append_once(ports, key.venue, "key.revoke", body, ("key",))
        ports.inventory.set_status(version.id, VersionStatus.RETIRED)
        if working is not None:
            if facts.revoke is None:
                raise _by_hand(key, facts, who)
            drive(facts.revoke(working), signed(ports, key.venue, working))
        _bury(ports, key, version, working or who)
    return SignedOut(key, version, working is not None)


def _working(ports: Ports, key: Key, version: KeyVersion, who: Credential) -> Credential | None:
    """The sign-in with a token the venue answers, the next one where the last has ended; None where it takes
    the refresh token no more: it was ended before."""
    if _refusal(ports, key, who) is None:
        return who
    if who.tokens is not None and who.tokens.opened_by:
        _demand_ended(ports, key, who)
        return None
    try:
        fresh = refresh.exchange(ports, key, who)
    except Refused as refusal:
        if refusal.fault is not Fault.KEY_UNKNOWN:
            raise
        return None
    credentials.store_next(ports, version, fresh)
    return fresh


def _demand_ended(ports: Ports, key: Key, who: Credential) -> None:
    """Raise OutcomeUnknown before the end of a session: its address may be refused, or for a moment."""
    if who.tokens and who.tokens.expires_at and ports.clock.now() < who.tokens.expires_at:
        raise OutcomeUnknown(
            f"{key.name} is refused before its end, which need not be for good",
            code="oauth.not_ended",
            still=f"it may work {_until(who)}; keyguard hands it out no more",
            hint=f"then again: keyguard key sign-out {key.name}",
        )


def _until(who: Credential) -> str:
    ends = who.tokens.expires_at if who.tokens else None
    return f"until {ends:%Y-%m-%d %H:%M} UTC" if ends else "until its end, which the venue does not tell"


def _by_hand(key: Key, facts: OAuth | Sessions, who: Credential) -> NotOffered:
    if isinstance(facts, Sessions):
        return NotOffered(
            f"{key.venue} has no call that ends a session",
            code="session.by_itself",
            still=f"it works {_until(who)}; keyguard hands it out no more",
            hint=f"then again: keyguard key sign-out {key.name}; a new secret for its key ends it at once",
        )
    return NotOffered(
        f"{key.venue} has no call that ends an app's sign-in",
        code="oauth.by_hand",
        still="it works at the venue; keyguard hands it out no more",
        hint=f"end it at {facts.apps_page}, then again: keyguard key sign-out {key.name}",
    )


def _bury(ports: Ports, key: Key, version: KeyVersion, who: Credential) -> None:
    refusal = _refusal(ports, key, who)
    if refusal is None:
        raise OutcomeUnknown(
            f"{key.name} was revoked, but the venue still answers its token",
            code="oauth.not_ended",
            still="its tokens are kept for the proof; they are handed out no more",
            hint=f"try again: keyguard key sign-out {key.name}",
        )
    body = {
        "key": version.fingerprint,
        "method": METHOD,
        "meaning": "key_expired" if refusal.fault is Fault.KEY_EXPIRED else "key_unknown",
        "venue_code": refusal.venue_code,
        "http_status": refusal.http_status,
        "checked_at": records.instant(ports.clock.now()),
        "attempts": 1,
    }
    records.append_once(ports, key.venue, "key.revoke_confirmed", body, ("key",))
    ports.inventory.set_status(version.id, VersionStatus.DEAD)
    credentials.forget(ports, version)


def _refusal(ports: Ports, key: Key, who: Credential) -> Refused | None:
    """Why the token is refused; None where it is answered. Other refusals say nothing and are raised."""
    try:
        ask(ports, key.venue, oauth.whoami(ports.gateway.adapter(key.venue), who), who)
    except Refused as refusal:
        if refusal.fault not in _ENDED:
            raise
        return refusal
    return None


def _last_alive(ports: Ports, key: Key) -> KeyVersion:
    versions = ports.inventory.versions(key.id)
    alive = [v for v in versions if v.status is not VersionStatus.DEAD]
    if not alive:
        for version in versions:  # whoever ended it may have died before its tokens were forgotten
            credentials.forget(ports, version)
        raise UsageError(f"{key.name} is ended already", code="key.dead")
    return alive[-1]
