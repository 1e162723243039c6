"""Tell people of what is open: once, again, louder; and remember what was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from keyguard.core.alerts import Alert, Manners, Next, Said, Told, Urgency, held_back, what_next
from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.escape import escape
from keyguard.core.findings import Finding, Kind
from keyguard.core.policy import Level
from keyguard.core.reviews import LAST_NOTICE
from keyguard.ports.all import Ports
from keyguard.ports.channels import Channel, Messenger
from keyguard.workflows import channels, findings

_URGENCIES = {Level.HIGH: Urgency.HIGH, Level.MEDIUM: Urgency.MEDIUM, Level.LOW: Urgency.LOW}
_LISTED = 20


@dataclass(frozen=True, slots=True)
class _Message:
    """What is to be said of one alert, over which channels."""

    alert: Alert
    told: Told
    step: Next
    ways: tuple[Channel, ...]


def tell(ports: Ports, messenger: Messenger, manners: Manners) -> None:
    """Say what is due of the findings as they were last refreshed, at most one message a channel; what was
    not taken is tried again the next time.

    Raises StoreError where the store, which holds the channels, is locked.
    """
    open_ = findings.open_now(ports)
    said = {one.alert.subject: one for one in ports.findings.said()}
    for gone in said.keys() - {finding.id for finding in open_}:
        ports.findings.unsay(said[gone].alert.id)
    ways = channels.channels(ports.secrets)
    if not ways:
        return
    now = ports.clock.now()
    alerts = [alert for finding in open_ if (alert := _alert(finding)) is not None]
    planned = [_plan(alert, said.get(alert.subject), ways, manners, now) for alert in alerts]
    messages = [message for message in planned if message is not None]
    missed = {way.name: not _sent(messenger, way, messages) for way in ways}
    for message in messages:
        ports.findings.say(_outcome(message, missed, now))


def acknowledge(ports: Ports, id_: str) -> Said:
    """Note that a person knows: the alert is not said again unless it gets worse. By the finding's id or
    its beginning; UsageError where nobody was told of it."""
    finding = ports.findings.find(id_)
    said = next((one for one in ports.findings.said() if one.alert.subject == finding.id), None)
    if said is None:
        raise UsageError(
            f"nobody was told of {finding.id}",
            code="alert.unsaid",
            still="nothing was changed",
            hint=f"keyguard finding show {finding.id}",
        )
    known = replace(said, told=replace(said.told, acknowledged=ports.clock.now()), missed=())
    ports.findings.say(known)
    return known


def undelivered(ports: Ports) -> tuple[Said, ...]:
    """Alerts that a channel did not take when last tried."""
    return tuple(one for one in ports.findings.said() if one.missed)


def _alert(finding: Finding) -> Alert | None:
    """What to say of a finding; None for one that is only for the list. Leaks, incidents and the last
    notice before grants are suspended cannot wait."""
    item = finding.item
    urgency = _URGENCIES.get(item.level)
    if urgency is None:
        return None
    last_notice = item.kind is Kind.REVIEW and item.detail.endswith(LAST_NOTICE)
    if urgency is Urgency.HIGH and (last_notice or item.kind in (Kind.LEAK, Kind.INCIDENT)):
        urgency = Urgency.CRITICAL
    title = f"keyguard: {item.kind.value.replace('_', ' ')}: {escape(item.subject)}"
    text = (
        f"{escape(item.text)} [{item.origin.value}]\n{escape(item.command)}\nkeyguard alert ack {finding.id}"
    )
    return Alert(item.kind.value, finding.id, urgency, title, text)


def _plan(
    alert: Alert, said: Said | None, ways: Sequence[Channel], manners: Manners, now: datetime
) -> _Message | None:
    if said is not None and alert.urgency > said.alert.urgency:
        said = None  # worse than what was told: as if nobody knew
    told = None if said is None else said.told
    step = what_next(alert, told, manners, now)
    able = [way for way in ways if alert.urgency >= way.floor]
    louder = tuple(way for way in able if way.escalation)
    usual = tuple(way for way in able if not way.escalation)
    told = told or Told(now)
    if step is Next.SAY:
        return _Message(alert, told, step, usual)
    if step is Next.ESCALATE:
        return _Message(alert, told, step, louder or usual)
    again = tuple(way for way in able if said is not None and way.name in said.missed)
    if again and not held_back(alert, manners, now):
        return _Message(alert, told, step, again)
    return None


def _sent(messenger: Messenger, way: Channel, messages: Sequence[_Message]) -> bool:
    """Say what is for this channel in one message; whether it was taken."""
    mine = [message for message in messages if way in message.ways]
    if not mine:
        return True
    worst = max(message.alert.urgency for message in mine)
    louder = "not acknowledged: " if any(message.step is Next.ESCALATE for message in mine) else ""
    if len(mine) == 1:
        title, text = mine[0].alert.title, mine[0].alert.text
    else:
        title = f"keyguard: {len(mine)} findings, the worst {worst.name.lower()}"
        lines = [f"{one.alert.title}: {one.alert.text.splitlines()[0]}" for one in mine[:_LISTED]]
        text = "\n".join([*lines, "all of them: keyguard attention"])
    try:
        messenger.send(way, louder + title, text, worst)
    except KeyguardError:
        return False
    return True


def _outcome(message: _Message, missed: Mapping[str, bool], now: datetime) -> Said:
    failed = tuple(way.name for way in message.ways if missed[way.name])
    told = message.told
    if len(failed) < len(message.ways) or not message.ways:
        told = replace(told, last=now, times=told.times + 1)
        if message.step is Next.ESCALATE:
            told = replace(told, escalated=now)
    return Said(message.alert, told, failed)
