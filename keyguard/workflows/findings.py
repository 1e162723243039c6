"""The life of findings: seen, over, adopted, rotated; accepted or closed by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from keyguard.core import findings
from keyguard.core.errors import UsageError
from keyguard.core.findings import RADAR, Finding, Item, Kind, State
from keyguard.core.keys import VersionStatus
from keyguard.ports.all import Ports
from keyguard.workflows import authority, radar
from keyguard.workflows.identity import Actor


def attention(ports: Ports) -> tuple[Finding, ...]:
    """Look at all that is stored, and return what needs a person now, the worst first."""
    refresh(ports)
    return open_now(ports)


def open_now(ports: Ports) -> tuple[Finding, ...]:
    """What was open when last looked, the worst first."""
    now = ports.clock.now()
    found = [one for one in ports.findings.standing() if not one.accepted(now)]
    return tuple(sorted(found, key=lambda one: one.item.order()))


def refresh(ports: Ports) -> None:
    """Bring the findings up to what is stored now. Asks no venue, reads no secret."""
    items = radar.attention(ports)
    with ports.inventory.transaction():
        keep(ports, items, lambda finding: finding.item.kind in RADAR)
        _settle(ports)


def keep(ports: Ports, items: Iterable[Item], covers: Callable[[Finding], bool] = lambda _: False) -> None:
    """Note what was seen. A standing finding that `covers` names and that was not seen is over."""
    now = ports.clock.now()
    standing = {finding.id: finding for finding in ports.findings.standing()}
    present = {item.id: item for item in items}
    with ports.inventory.transaction():
        for id_, item in present.items():
            before = standing.get(id_) or ports.findings.get(id_)
            after = findings.seen(before, item, now)
            if after != before:
                ports.findings.put(after)
        live = _live_versions(ports, standing.values())
        for id_, finding in standing.items():
            if id_ not in present and covers(finding):
                ports.findings.put(findings.ended(finding, _how(finding, live), now))


def note(ports: Ports, items: Iterable[Item]) -> tuple[Item, ...]:
    """Note events, which end nothing else; returns those that people do not know of yet.

    Costs a look-up of each, however many findings there are. Call it inside a transaction.
    """
    now, news = ports.clock.now(), []
    for item in items:
        before = ports.findings.get(item.id)
        after = findings.seen(before, item, now)
        if after != before:
            ports.findings.put(after)
        if findings.is_news(before, after):
            news.append(item)
    return tuple(news)


def accept(ports: Ports, id_: str, *, actor: Actor, reason: str, until: datetime) -> Finding:
    """Accept a finding until a day, after which it is open again. It opens before if it gets worse.

    Raises UsageError for one that is unknown or over, without a reason, or for a day that is past.
    """
    refresh(ports)
    now = ports.clock.now()
    finding = _standing(ports, id_)
    if until <= now:
        raise UsageError("that day is past", code="finding.until", still="the finding is as it was")
    by = authority.acting(ports, actor).id
    accepted = findings.accepted(finding, now, by=by, reason=_reason(reason), until=until)
    ports.findings.put(accepted)
    return accepted


def close(ports: Ports, id_: str, *, actor: Actor, reason: str) -> Finding:
    """Close a finding: a person has seen to it. Seen again, it opens again.

    Raises UsageError for one that is unknown, over or without a reason, and for one that is read off what
    is stored, which would open again at once.
    """
    refresh(ports)
    finding = _standing(ports, id_)
    if finding.item.kind in RADAR:
        raise UsageError(
            "this still holds, so it cannot be closed",
            code="finding.holds",
            still="the finding is as it was",
            hint=f"mend it: {finding.item.command}; or keyguard finding accept {finding.id}",
        )
    by = authority.acting(ports, actor).id
    closed = findings.ended(finding, State.CLOSED, ports.clock.now(), by=by, reason=_reason(reason))
    ports.findings.put(closed)
    return closed


def _standing(ports: Ports, id_: str) -> Finding:
    finding = ports.findings.find(id_)
    if finding.state not in findings.STANDING:
        raise UsageError(
            f"the finding {finding.id} is {finding.state.value} already",
            code="finding.over",
            still="it stays so, and opens by itself if it is seen again",
        )
    return finding


def _reason(reason: str) -> str:
    if not reason.strip():
        raise UsageError("a reason is missing", code="finding.reason", still="the finding is as it was")
    return reason.strip()


def _settle(ports: Ports) -> None:
    """End what was about a version not in use any more, or a key registered since; reopen what was accepted
    until now."""
    now = ports.clock.now()
    standing = ports.findings.standing()
    live = _live_versions(ports, standing)
    for finding in standing:
        if finding.item.kind is Kind.UNKNOWN_KEY:
            venue = finding.item.subject.partition("/")[0]
            if ports.inventory.version_by_public_id(venue, finding.item.detail) is not None:
                ports.findings.put(findings.ended(finding, State.ADOPTED, now))
        elif finding.item.kind not in RADAR and finding.item.version and finding.item.version not in live:
            ports.findings.put(findings.ended(finding, State.ROTATED, now))
        elif finding.state is State.ACCEPTED and not finding.accepted(now):
            ports.findings.put(findings.seen(finding, finding.item, now))


def _how(finding: Finding, live: frozenset[str]) -> State:
    version = finding.item.version
    return State.ROTATED if version and version not in live else State.CLOSED


def _live_versions(ports: Ports, found: Iterable[Finding]) -> frozenset[str]:
    """Those of the versions the findings are about that are still in use."""
    ids = sorted({finding.item.version for finding in found if finding.item.version})
    known = ports.inventory.versions_by_id(ids)
    return frozenset(id_ for id_, version in known.items() if version.status is VersionStatus.LIVE)
