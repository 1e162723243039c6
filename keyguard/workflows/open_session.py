"""Open a session with a key: a token for a program that need not hold the key, kept as a key of its own."""

from __future__ import annotations

import contextlib

from keyguard.core import sessions
from keyguard.core.errors import BadReply, KeyguardError, OutcomeUnknown, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key, KeyKind
from keyguard.core.sessions import PUBLIC_PREFIX, Sessions
from keyguard.core.steps import drive
from keyguard.ports.all import Ports
from keyguard.workflows import credentials, enrol
from keyguard.workflows.enrol import Declared, Enrolled
from keyguard.workflows.operations import signed


def open_session(ports: Ports, key_name: str, label: str, *, grants: tuple[str, ...] = ()) -> Enrolled:
    """Open a session and register it under `label` at the key's desk; the key stays where it is.

    `grants` in the venue's words, () for all the key has. Raises UsageError for a venue without sessions, a
    session's session, permissions that cannot be chosen or a taken name. What could not be registered is
    ended, as far as the venue lets it.
    """
    key = ports.inventory.find_key(key_name)
    facts = offered(ports, key)
    _check(key, facts, grants)
    declared = Declared(
        key.venue, key.desk, label, key.owner, key.account, key.purpose, environment=key.environment
    )
    enrol.name_is_free(ports, declared)
    who = opened(ports, PUBLIC_PREFIX + ports.clock.token(12).hex(), key, grants)
    try:
        return enrol.enrol(ports, declared, who)
    except KeyguardError:
        if facts.revoke is not None:
            with contextlib.suppress(KeyguardError):
                drive(facts.revoke(who), signed(ports, key.venue, who))
        raise


def offered(ports: Ports, key: Key) -> Sessions:
    """How the key's venue opens sessions; UsageError where it does not."""
    adapter = ports.gateway.adapter(key.venue)
    if adapter.sessions is None:
        raise UsageError(
            f"{adapter.facts.name} gives no session in a key's place",
            code="session.none",
            still="nothing was changed",
            hint=f"hand out the key itself: keyguard run {key.name}",
        )
    return adapter.sessions


def opened(ports: Ports, public_id: str, key: Key, grants: tuple[str, ...]) -> Credential:
    """Open a session with the key's live version. OutcomeUnknown where the venue's answer was lost."""
    with_key = credentials.load(ports, ports.inventory.live_version(key.id))
    asked_at = ports.clock.now()
    step = offered(ports, key).open(with_key.key, grants)
    try:
        answer = drive(step, signed(ports, key.venue, with_key))
    except (BadReply, OutcomeUnknown) as error:
        raise OutcomeUnknown(
            error.message,
            code=error.code,
            still="a session may be open that nobody holds; it ends by itself",
            hint="ask again",
        ) from None
    return sessions.credential(public_id, key.id, answer, asked_at)


def _check(key: Key, facts: Sessions, grants: tuple[str, ...]) -> None:
    if key.kind is KeyKind.OAUTH:
        raise UsageError(f"{key.name} holds a token itself, which opens no session", code="session.kind")
    if not grants:
        return
    if not facts.narrows:
        raise UsageError(
            "this venue's sessions have all permissions of their key",
            code="session.narrow",
            still="nothing was sent",
        )
    unknown = sorted(set(grants) - set(facts.scopes.names))
    if unknown:
        raise UsageError(
            f"no such permission: {', '.join(unknown)}", code="oauth.scope", still="nothing was sent"
        )
    if facts.reads and not facts.reads & set(grants):
        raise UsageError(
            "with these permissions nobody could see whether the session still works",
            code="oauth.blind",
            still="nothing was sent",
            hint="add one of " + ", ".join(sorted(facts.reads)),
        )
