"""Sign in to a venue as an app: the page, the redirect, the code, the tokens, the record."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable

from keyguard.core import oauth
from keyguard.core.errors import ExchangeError, KeyguardError, OutcomeUnknown, Refused, UsageError
from keyguard.core.exchange import Credential, Fault, Step
from keyguard.core.oauth import Answer, Attempt, Client, OAuth
from keyguard.core.secret import Secret
from keyguard.core.sessions import Sessions
from keyguard.core.steps import drive
from keyguard.ports.all import Ports
from keyguard.ports.journal import Workflow
from keyguard.ports.redirects import Redirects
from keyguard.workflows import credentials, enrol, sign_in_journal
from keyguard.workflows.enrol import Declared, Enrolled
from keyguard.workflows.operations import signed
from keyguard.workflows.sign_in_journal import Begun

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
    What could not be registered is revoked, as far as the venue lets it. What a crash or a lost answer leaves
    is named by the journal: `take_up`, `give_up`.
    """
    facts = offered(ports, declared.venue)
    _check(facts, client_id, grants, client_secret)
    enrol.name_is_free(ports, declared)
    sign_in_journal.demand_none(ports, declared)
    attempt = oauth.begin(client_id, redirects.uri, grants, ports.clock.token, client_secret)
    show(ports.gateway.page(declared.venue, oauth.page(facts, attempt)))
    landing = redirects.wait(attempt)
    if landing.code is None:
        raise _declined(landing.error)
    public_id = oauth.PUBLIC_PREFIX + ports.clock.token(12).hex()
    begun = Begun(declared, public_id, client_id, attempt.grants, ports.clock.now())
    with ports.journal.alone(public_id):
        workflow = sign_in_journal.begin(ports, begun)
        answer = _redeem(ports, facts, workflow, oauth.redeem(facts, attempt, landing.code))
        who = oauth.credential(public_id, client_id, answer, begun.asked_at, client_secret)
        try:
            enrolled = enrol.enrol(ports, declared, who)
        except KeyguardError as error:
            if _gave_up(ports, declared.venue, facts, who):
                sign_in_journal.finish(ports, workflow, "revoked")
            else:
                error.still = "the app is signed in at the venue, and nothing of it is registered here"
                error.hint = _by_hand(facts, workflow)
            raise
        sign_in_journal.finish(ports, workflow, "registered")
    return enrolled


def take_up(ports: Ports, workflow_id: str, client_secret: Secret | None = None) -> Enrolled:
    """Register what a sign-in that died had brought. `client_secret`: of an app that has one.

    Raises OutcomeUnknown where the venue's answer did not arrive: then only a person can tell, and end it.
    UsageError `oauth.over` for one that came to an end, and as `sign_in`.
    """
    with ports.journal.alone(ports.journal.workflow(workflow_id).data["public_id"]):
        workflow = _open(ports, workflow_id)
        begun = sign_in_journal.begun(workflow)
        venue = begun.declared.venue
        facts = offered(ports, venue)
        known = ports.inventory.version_by_public_id(venue, begun.public_id)
        if known is None:
            if not sign_in_journal.answered(ports, workflow):
                raise _not_here(facts, workflow)
            _check(facts, begun.client_id, begun.grants, client_secret)
            who = _brought(ports, facts, workflow, client_secret)
        else:
            who = credentials.load(ports, known)
        if who is None:
            raise _not_here(facts, workflow)
        try:
            enrolled = enrol.enrol(ports, begun.declared, who)
        except UsageError as error:
            if known is None or error.code != "key.known":
                raise
            seen = ports.inventory.last_observation(known.id)
            enrolled = Enrolled(
                ports.inventory.find_key(known.key_id), known, seen.report if seen else None, ()
            )
        sign_in_journal.finish(ports, workflow, "registered")
    return enrolled


def give_up(ports: Ports, workflow_id: str) -> str:
    """Close a sign-in that died: revoked where its tokens are here and the venue has a call for that; else
    the page where a person has ended it, which is their word. "" where it was revoked.

    UsageError `oauth.over`, and `workflow.too_late` for one that is registered; what the venue says to the
    call, and then it stays open.
    """
    with ports.journal.alone(ports.journal.workflow(workflow_id).data["public_id"]):
        workflow = _open(ports, workflow_id)
        begun = sign_in_journal.begun(workflow)
        venue = begun.declared.venue
        facts = offered(ports, venue)
        if ports.inventory.version_by_public_id(venue, begun.public_id) is not None:
            raise UsageError(
                f"it is too late to cancel: {workflow.key_id} is registered",
                code="workflow.too_late",
                hint=f"keyguard workflow resume {workflow.id}, then keyguard key sign-out {workflow.key_id}",
            )
        callable_here = facts.revoke is not None and facts.client is not Client.SECRET
        who = _brought(ports, facts, workflow, None) if callable_here else None
        if who is not None and facts.revoke is not None:
            with contextlib.suppress(Refused):  # its token is taken no more: it ended
                drive(facts.revoke(who), signed(ports, venue, who))
        for orphan in enrol.orphans(ports):
            if enrol.orphan(ports, orphan).key == begun.public_id:
                enrol.discard_orphan(ports, orphan)
        sign_in_journal.finish(ports, workflow, "given_up")
    return "" if who is not None else facts.apps_page or "the venue's page of connected apps"


def wants_secret(ports: Ports, workflow_id: str) -> bool:
    """Whether `take_up` needs the app's secret, which no journal holds."""
    workflow = ports.journal.workflow(workflow_id)
    secret = offered(ports, workflow.data["venue"]).client is Client.SECRET
    return secret and sign_in_journal.answered(ports, workflow)


def _redeem(ports: Ports, facts: OAuth, workflow: Workflow, step: Step[Answer]) -> Answer:
    venue = workflow.data["venue"]
    redemption = sign_in_journal.redemption(ports, workflow)
    try:
        return redemption.perform(step, lambda request: ports.gateway.send(venue, request, None))
    except ExchangeError:
        sign_in_journal.finish(ports, workflow, "refused")  # nothing was given
        raise
    except OutcomeUnknown as error:
        raise OutcomeUnknown(
            error.message,
            code=error.code,
            still="the venue may have signed the app in; nothing of it is registered here",
            hint=_by_hand(facts, workflow),
        ) from None


def _brought(
    ports: Ports, facts: OAuth, workflow: Workflow, client_secret: Secret | None
) -> Credential | None:
    """The sign-in as the sealed answer has it; None where no answer that can be read arrived."""
    begun, redemption = sign_in_journal.begun(workflow), sign_in_journal.redemption(ports, workflow)
    if not sign_in_journal.answered(ports, workflow):
        return None
    nothing = Secret("")  # the answer is there: nothing is sent
    attempt = Attempt(begun.client_id, "", begun.grants, "", nothing, client_secret)
    try:
        answer = redemption.replay(oauth.redeem(facts, attempt, nothing))
    except (ExchangeError, OutcomeUnknown):
        return None
    return oauth.credential(begun.public_id, begun.client_id, answer, begun.asked_at, client_secret)


def _open(ports: Ports, workflow_id: str) -> Workflow:
    workflow = ports.journal.workflow(workflow_id)
    if workflow.finished:
        raise UsageError(f"this sign-in is over: {workflow.state}", code="oauth.over")
    return workflow


def _not_here(facts: OAuth, workflow: Workflow) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"whether {workflow.key_id} was signed in is not known: no answer of the venue is here",
        code="oauth.unknown",
        still="the venue may have signed the app in; nothing of it is registered here",
        hint=_by_hand(facts, workflow),
    )


def _by_hand(facts: OAuth, workflow: Workflow) -> str:
    page = facts.apps_page or "the venue's page of connected apps"
    return f"end the sign-in at {page}, then: keyguard workflow cancel {workflow.id}"


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


def _gave_up(ports: Ports, venue: str, facts: OAuth, who: Credential) -> bool:
    """Revoke what could not be registered; whether the venue said that it is done."""
    if facts.revoke is None:
        return False
    try:
        drive(facts.revoke(who), signed(ports, venue, who))
    except KeyguardError:
        return False
    return True
