"""Sign-ins that are under way, as the journal has them: named from before the code is redeemed on.

From then on the venue may have given tokens that nothing here names. The venue's answer is sealed into the
journal before anybody reads it, and goes once the sign-in is registered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from keyguard.core.canonical import format_instant, parse_instant
from keyguard.core.errors import UsageError
from keyguard.core.findings import Item, Kind
from keyguard.core.keys import Environment, Origin, parse_scopes, scope_names
from keyguard.core.policy import Level
from keyguard.ports.all import Ports
from keyguard.ports.journal import Workflow
from keyguard.workflows.enrol import Declared
from keyguard.workflows.operations import Journalled

SIGN_IN = "sign-in"
REDEEMING = "redeeming"
_REDEEM = "redeem"
_QUIET = timedelta(minutes=5)
"""How long one may be under way before it is taken for left behind."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What is needed to go on, but for the answer and an app's secret."""

    declared: Declared
    public_id: str
    client_id: str
    grants: tuple[str, ...]
    asked_at: datetime


def name_of(declared: Declared) -> str:
    """The name the key is to have: it names the workflow, while there is no key."""
    return f"{declared.venue}/{declared.desk}/{declared.label}"


def demand_none(ports: Ports, declared: Declared) -> None:
    """Raise UsageError `oauth.begun` where one of this name is under way or was left behind."""
    for workflow in unfinished(ports):
        if workflow.key_id == name_of(declared):
            raise UsageError(
                f"a sign-in as {workflow.key_id} was begun and not ended",
                code="oauth.begun",
                still="nothing was sent",
                hint=f"keyguard workflow resume {workflow.id}",
            )


def begin(ports: Ports, begun: Begun) -> Workflow:
    """Note that its code is about to be redeemed; on disk before this returns."""
    said = begun.declared
    data = {
        "venue": said.venue,
        "desk": said.desk,
        "label": said.label,
        "owner": said.owner,
        "account": said.account,
        "purpose": said.purpose,
        "needs": list(scope_names(said.needs)),
        "environment": said.environment.value,
        "public_id": begun.public_id,
        "client_id": begun.client_id,
        "grants": list(begun.grants),
        "asked_at": format_instant(begun.asked_at),
    }
    now = ports.clock.now()
    id_ = ports.clock.token(8).hex()
    workflow = Workflow(id_, SIGN_IN, name_of(said), REDEEMING, now, now, data)
    ports.journal.open(workflow)
    return workflow


def begun(workflow: Workflow) -> Begun:
    """What `begin` noted."""
    data = workflow.data
    declared = Declared(
        venue=data["venue"],
        desk=data["desk"],
        label=data["label"],
        owner=data["owner"],
        account=data["account"],
        purpose=data["purpose"],
        needs=parse_scopes(data["needs"]),
        environment=Environment(data["environment"]),
    )
    asked_at = parse_instant(data["asked_at"])
    return Begun(declared, data["public_id"], data["client_id"], tuple(data["grants"]), asked_at)


def redemption(ports: Ports, workflow: Workflow) -> Journalled:
    """The one operation of it."""
    return Journalled(ports, workflow.id, _REDEEM, workflow.data["venue"])


def answered(ports: Ports, workflow: Workflow) -> bool:
    """Whether the venue's answer is here."""
    return any(call.reply is not None for call in redemption(ports, workflow).calls())


def finish(ports: Ports, workflow: Workflow, state: str) -> None:
    """Close it; the sealed answer goes."""
    redemption(ports, workflow).forget()
    ports.journal.advance(replace(workflow, state=state, updated_at=ports.clock.now(), finished=True))


def unfinished(ports: Ports) -> Iterator[Workflow]:
    """Those that came to no end, oldest first."""
    return (one for one in ports.journal.workflows(unfinished=True) if one.kind == SIGN_IN)


def waiting(ports: Ports, now: datetime) -> Iterator[Item]:
    """Those that were left behind, for a person to take up. Reads no secret."""
    for one in unfinished(ports):
        if now - one.opened_at >= _QUIET:
            text = "a sign-in was begun and not ended: the app may be signed in at the venue"
            command = f"keyguard workflow resume {one.id}"
            yield Item(
                Kind.WORKFLOW, Level.HIGH, one.key_id, text, one.opened_at, command, Origin.DECLARED, one.id
            )
