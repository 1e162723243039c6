"""Keep a sign-in or a session alive: the next access token before the last one ends.

One call, so no workflow is journalled: the answer goes into the secret store at once, under the lock of the
key. Asked again after a crash the venue gives tokens or says that the refresh token is spent; either way
nothing is done twice (docs/decisions/0043-oauth.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from keyguard.core import oauth
from keyguard.core.errors import BadReply, KeyguardError, OutcomeUnknown, Refused, StoreError, UsageError
from keyguard.core.exchange import Credential, Fault, KeyReport
from keyguard.core.keys import Key, KeyKind, KeyVersion, Origin
from keyguard.core.steps import drive
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Observation
from keyguard.workflows import credentials, open_session, records, sign_in
from keyguard.workflows.identity import names


@dataclass(frozen=True, slots=True)
class Refreshed:
    """`until`: when the access token in the store ends; None: the venue did not tell."""

    key: Key
    until: datetime | None


def refresh(ports: Ports, key_name: str, *, due_within: timedelta | None = None) -> Refreshed:
    """Bring the next access token of a sign-in and store it; with `due_within` if the last one ends so soon.

    Of two that want it at once the second finds it done, or is told `workflow.busy`. Raises UsageError for
    a key of another kind, or `oauth.sign_in_again` where no refresh token is left; Refused, with the same
    advice, where the venue takes it no more; OutcomeUnknown where its answer was lost.
    """
    key = ports.inventory.find_key(key_name)
    if key.kind is not KeyKind.OAUTH:
        raise UsageError(f"{key.name} is no sign-in of an app", code="oauth.kind", hint="rotate it instead")
    with ports.journal.alone(key.id):
        version = ports.inventory.live_version(key.id)
        held = credentials.load(ports, version)
        ends = held.tokens.expires_at if held.tokens else None
        if due_within is not None and (ends is None or ends > ports.clock.now() + due_within):
            return Refreshed(key, ends)
        fresh = exchange(ports, key, held)
        credentials.store_next(ports, version, fresh)
        _note(ports, key, version, fresh)
        return Refreshed(key, fresh.tokens.expires_at if fresh.tokens else None)


def refresh_due(ports: Ports) -> dict[str, str]:
    """Refresh all sign-ins that end soon; return the name of each that could not be and why.

    One that is refused once is asked again the next time this is called, not before. StoreError where the
    store is locked or broken.
    """
    failed = {}
    for key in ports.inventory.keys():  # noqa: SIM118 - a method of the port
        if key.kind is KeyKind.OAUTH and _is_live(ports, key):
            try:
                refresh(ports, key.id, due_within=sign_in.tokens_of(ports, key.venue).due)
            except StoreError:
                raise
            except KeyguardError as error:
                failed[key.name] = error.message
    return failed


def _is_live(ports: Ports, key: Key) -> bool:
    return bool(ports.inventory.live_versions([key.id]))


def exchange(ports: Ports, key: Key, held: Credential) -> Credential:
    """Ask the venue for the next tokens; nothing is stored. Raises as `refresh` says."""
    if held.tokens is not None and held.tokens.opened_by:
        return _reopened(ports, key, held, held.tokens.opened_by)
    facts = sign_in.offered(ports, key.venue)
    if held.tokens is None or held.tokens.refresh is None:
        raise UsageError(
            f"nothing brings {key.name} a new access token",
            code="oauth.sign_in_again",
            still="the one it has works until its end",
            hint=_again(key),
        )
    asked_at = ports.clock.now()
    try:
        answer = drive(
            oauth.refresh(facts, held.tokens, held.tokens.refresh),
            lambda request: ports.gateway.send(key.venue, request, None),
        )
    except Refused as refusal:
        if refusal.fault is not Fault.KEY_UNKNOWN:
            raise
        raise Refused(
            f"the venue takes the refresh token of {key.name} no more",
            fault=refusal.fault,
            venue_code=refusal.venue_code,
            http_status=refusal.http_status,
            still="its access token works until its end",
            hint=_again(key),
        ) from None
    except (BadReply, OutcomeUnknown) as error:
        raise OutcomeUnknown(
            error.message,
            code=error.code,
            still="the refresh token may be spent; the access token works until its end",
            hint=f"ask again, which tells: keyguard key refresh {key.name}",
        ) from None
    return oauth.credential(held.key, held.tokens.client_id, answer, asked_at, held.tokens.client_secret)


def _reopened(ports: Ports, key: Key, held: Credential, opener: str) -> Credential:
    assert held.tokens is not None
    with_key = ports.inventory.find_key(opener)
    facts = open_session.offered(ports, with_key)
    return open_session.opened(ports, held.key, with_key, held.tokens.grants if facts.narrows else ())


def _again(key: Key) -> str:
    return f"sign in again: keyguard key sign-in {key.venue} --desk {key.desk} --label NEW"


def _origin(last: Observation | None) -> Origin:
    """How the end is known: as before, where it was."""
    known = last.report.expiry_origin if last else Origin.UNKNOWN
    return Origin.REPORTED if known is Origin.UNKNOWN else known


def _note(ports: Ports, key: Key, version: KeyVersion, fresh: Credential) -> None:
    """Keep what the venue said of it up to date: the radar reads it, the log tells it."""
    assert fresh.tokens is not None
    last = ports.inventory.last_observation(version.id)
    report = last.report if last else KeyReport(version.public_id, ref=version.venue_ref)
    report = replace(
        report,
        grants=fresh.tokens.grants,
        scopes=sign_in.tokens_of(ports, key.venue).scopes.read(fresh.tokens.grants),
        scopes_origin=report.scopes_origin if last else Origin.REPORTED,
        expires_at=fresh.tokens.expires_at,
        expiry_origin=_origin(last) if fresh.tokens.expires_at else Origin.UNKNOWN,
        enabled=True,
    )
    ports.inventory.observe(Observation(version.id, ports.clock.now(), report))
    ports.audit.append(key.venue, "key.observe", records.observe(names(ports, key.venue), report))
