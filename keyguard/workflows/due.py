"""Which keys are due for rotation, why, and in which order. Asks no venue, reads no secret but salts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keyguard.core import due
from keyguard.core.due import Cause, Due, Reason, RotationPolicy
from keyguard.core.expiry import deadlines
from keyguard.core.findings import Finding, Kind, State
from keyguard.core.keys import Key, KeyKind, KeyVersion, Origin
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Observation
from keyguard.workflows import offboard
from keyguard.workflows.rights import key_scopes


def due_keys(ports: Ports, policy: RotationPolicy, *, desk: str = "") -> tuple[Due, ...]:
    """Every key with a version in use that is due by the policy, in the order in which to rotate them.

    Sign-ins of apps are left out: their tokens are refreshed.
    """
    every = ports.inventory.keys()
    keys = [key for key in every if key.kind is not KeyKind.OAUTH and desk in ("", key.desk)]
    live = ports.inventory.live_versions([key.id for key in keys])
    seen = ports.inventory.last_observations([version.id for version in live.values()])
    findings = [f for f in ports.findings.standing() if f.state is State.OPEN]
    leavers = _leavers(ports, live)
    workflows = {w.key_id: w.id for w in ports.journal.workflows(unfinished=True)}
    found = []
    for key in keys:
        if (version := live.get(key.id)) is None:
            continue
        rule = policy.of(key)
        reasons = [
            *_scheduled(ports, key, version, seen.get(version.id), rule),
            *_found(version, findings, rule),
            *(leavers.get(key.id, ()) if rule.leaver else ()),
        ]
        if reasons:
            reasons.sort(key=lambda one: (list(Cause).index(one.cause), one.at))
            scopes = key_scopes(ports, key, version)
            under_way = workflows.get(key.id, "")
            since = version.created_at
            found.append(Due(key, version.id, tuple(reasons), rule, scopes, since, under_way))
    return due.in_order(found)


def _scheduled(
    ports: Ports, key: Key, version: KeyVersion, seen: Observation | None, rule: due.Rule
) -> tuple[Reason, ...]:
    now = ports.clock.now()
    if seen is None:
        return due.scheduled(rule, version.created_at, (), now)
    facts = ports.gateway.adapter(key.venue).facts
    ends = deadlines(seen.report, facts, known_since=version.created_at, seen=seen.at)
    return due.scheduled(rule, seen.report.created_at or version.created_at, ends, now)


def _found(version: KeyVersion, findings: list[Finding], rule: due.Rule) -> Iterator[Reason]:
    for finding in findings:
        item = finding.item
        if item.version == version.id and item.kind.value in rule.findings:
            cause = Cause.LEAK if item.kind is Kind.LEAK else Cause.FINDING
            yield Reason(cause, finding.since, f"{item.text} ({finding.id})", item.origin)


def _leavers(ports: Ports, versions: Mapping[str, KeyVersion]) -> dict[str, list[Reason]]:
    """Who has left and was handed the version that is in use, by key id."""
    now, found = ports.clock.now(), dict[str, list[Reason]]()
    for person in ports.people.persons():
        left = person.span.end
        # Reading the log takes time: whoever left before any of these versions was made has none of them.
        if left is None or left > now or all(v.created_at >= left for v in versions.values()):
            continue
        for touched in offboard.plan(ports, person.id).keys:
            version = versions.get(touched.key.id)
            if version and touched.last and touched.last >= version.created_at:
                text = f"{person.id} has left and was handed it"
                reason = Reason(Cause.LEAVER, left, text, Origin.DECLARED)
                found.setdefault(touched.key.id, []).append(reason)
    return found
