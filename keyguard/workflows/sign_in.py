"""Sign in to a venue as an app: the page, the redirect, the code, the tokens, the record."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable

from keyguard.core import oauth
from keyguard.core.errors import BadReply, KeyguardError, OutcomeUnknown, Refused, UsageError
from keyguard.core.exchange import Credential, Fault, Step
from keyguard.core.oauth import Answer, Client, OAuth
from keyguard.core.secret import Secret
from keyguard.core.sessions import Sessions
from keyguard.core.steps import drive
from keyguard.ports.all import Ports
from keyguard.ports.redirects import Redirects
from keyguard.workflows import enrol
from keyguard.workflows.enrol import Declared, Enrolled
from keyguard.workflows.operations import signed

_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,200}")


def sign_in(
    ports: Ports,
    declared: Declared,
    client_id: str,
    grants: tuple[str, ...],
    redirects: Redirects,
    show: Callable[[str], None],
    client_secret: Secret | None = None,
) -> Enrolled:
    """Have a person sign in, and register what comes of it; it is asked about, stored and recorded at once.

    `grants` in the venue's words, all that is asked for; `show` is given the page to open. Raises UsageError
    for a venue without this, an unknown scope or a taken name, Refused where the person or the venue says no.
    What could not be registered is revoked, as far as the venue lets it.
    """
    facts = offered(ports, declared.venue)
    _check(facts, client_id, grants, client_secret)
    enrol.name_is_free(ports, declared)
    attempt = oauth.begin(client_id, redirects.uri, grants, ports.clock.token, client_secret)
    show(ports.gateway.page(declared.venue, oauth.page(facts, attempt)))
    landing = redirects.wait(attempt)
    if landing.code is None:
        raise _declined(landing.error)
    asked_at = ports.clock.now()
    answer = _redeem(ports, declared.venue, oauth.redeem(facts, attempt, landing.code))
    public_id = oauth.PUBLIC_PREFIX + ports.clock.token(12).hex()
    who = oauth.credential(public_id, client_id, answer, asked_at, client_secret)
    try:
        return enrol.enrol(ports, declared, who)
    except KeyguardError as error:
        if facts.revoke is None:
            error.still = "the app is signed in at the venue, and nothing of it is here"
            error.hint = f"end the sign-in at {facts.apps_page}"
        else:
            _give_up(ports, declared.venue, facts.revoke(who), who)
        raise


def _redeem(ports: Ports, venue: str, step: Step[Answer]) -> Answer:
    try:
        return drive(step, lambda request: ports.gateway.send(venue, request, None))
    except (BadReply, OutcomeUnknown) as error:
        raise OutcomeUnknown(
            error.message,
            code=error.code,
            still="the venue may have signed the app in; nothing of it is here",
            hint="sign in again, and end the older sign-in on the venue's page",
        ) from None


def offered(ports: Ports, venue: str) -> OAuth:
    """How the venue signs apps in; UsageError where it does not, or its documents say too little."""
    adapter = ports.gateway.adapter(venue)
    if adapter.oauth is None:
        raise UsageError(
            f"signing in to {adapter.facts.name} as an app is not offered",
            code="oauth.none",
            still="nothing was changed",
            hint=f"add a key: keyguard key add {venue}",
        )
    return adapter.oauth


def tokens_of(ports: Ports, venue: str) -> OAuth | Sessions:
    """How the venue gives tokens at all; UsageError where it does not (any more)."""
    return oauth.tokens_of(ports.gateway.adapter(venue)) or offered(ports, venue)


def _check(facts: OAuth, client_id: str, grants: tuple[str, ...], client_secret: Secret | None) -> None:
    if not _CLIENT_ID.fullmatch(client_id):
        raise UsageError("the client id is empty, too long or holds spaces", code="oauth.client_id")
    needed = facts.client is Client.SECRET
    if needed != (client_secret is not None):
        raise UsageError(
            "this venue's apps have a secret, and it is missing"
            if needed
            else "this venue's apps have no secret",
            code="oauth.client_secret",
            still="nothing was sent",
        )
    if client_secret is not None and not _CLIENT_ID.fullmatch(client_secret.reveal()):
        raise UsageError("the app's secret is empty, too long or holds spaces", code="oauth.client_secret")
    unknown = sorted(set(grants) - set(facts.scopes.names))
    if unknown or not grants:
        raise UsageError(
            f"no such scope: {', '.join(unknown)}" if unknown else "no scope was named",
            code="oauth.scope",
            still="nothing was sent",
            hint="scopes are " + ", ".join(sorted(facts.scopes.names)),
        )
    if not facts.reads & set(grants):
        raise UsageError(
            "with these scopes nobody could see whether the sign-in still works",
            code="oauth.blind",
            still="nothing was sent",
            hint="add one of " + ", ".join(sorted(facts.reads)),
        )


def _declined(word: str) -> Refused:
    known = word if re.fullmatch(r"[a-z_]{1,40}", word) else "an unknown reason"
    return Refused(
        f"the sign-in was declined: {known}",
        fault=Fault.OTHER,
        venue_code=known,
        still="nothing was stored",
        hint="sign in again and agree on the venue's page",
    )


def _give_up(ports: Ports, venue: str, step: Step[None], who: Credential) -> None:
    with contextlib.suppress(KeyguardError):
        drive(step, signed(ports, venue, who))
