"""Ask a venue about a key again and show what changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from keyguard.core import oauth
from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, Credential, Fault, KeyReport
from keyguard.core.keys import Key, KeyVersion, Origin, Scope, scope_names
from keyguard.core.policy import KeyWarning, warnings
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Observation
from keyguard.workflows import credentials, enrol, records
from keyguard.workflows.identity import names
from keyguard.workflows.operations import ask

_DEATH = (Fault.KEY_UNKNOWN, Fault.KEY_EXPIRED, Fault.KEY_DISABLED)


@dataclass(frozen=True, slots=True)
class Drift:
    """A difference between what the venue says now and `against` (the last observation, or a declaration)."""

    what: str
    before: str
    now: str
    against: Origin


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the venue says now. `report` is None when it refused the key: `refusal` says why.

    `dead`: the refusal can only mean that the venue no longer accepts this key.
    """

    key: Key
    version: KeyVersion
    report: KeyReport | None
    refusal: Refused | None
    dead: bool
    drift: tuple[Drift, ...]
    warnings: tuple[KeyWarning, ...]


def inspect_key(ports: Ports, key_name: str) -> Inspection:
    """Ask once, observe, record, compare. A refusal that means death is told, never retried.

    Raises Refused for refusals that say nothing of the key itself (rate, clock, maintenance).
    """
    question = prepare(ports, ports.inventory.find_key(key_name))
    return conclude(ports, question, put(ports, question))


@dataclass(frozen=True, slots=True)
class Question:
    """What a venue is about to be asked: about which version, with what, and what was known before."""

    key: Key
    version: KeyVersion
    adapter: Adapter
    who: Credential
    last: KeyReport | None


def prepare(ports: Ports, key: Key) -> Question:
    """Read what asking takes; a key that the log does not know is recorded first."""
    version = ports.inventory.live_version(key.id)
    last = ports.inventory.last_observation(version.id)
    who = credentials.load(ports, version)
    question = Question(key, version, ports.gateway.adapter(key.venue), who, last.report if last else None)
    if not records.recorded(ports, key.venue, "key.register", {"key": version.fingerprint}):
        enrol.record(ports, names(ports, key.venue), key, who, question.last)
    return question


def put(ports: Ports, question: Question) -> KeyReport | Refused:
    """Ask the venue; touches nothing but the gateway and the person, so it may run in any thread.

    Raises Refused for refusals that say nothing of the key itself.
    """
    try:
        return ask(ports, question.key.venue, oauth.whoami(question.adapter, question.who), question.who)
    except Refused as refusal:
        of_key = (*_DEATH, *question.adapter.facts.dead, Fault.IP, Fault.SCOPE, Fault.SIGNATURE)
        if refusal.fault not in of_key:
            raise
        return refusal


def conclude(ports: Ports, question: Question, answer: KeyReport | Refused) -> Inspection:
    """Record and store what the venue said, and compare it with what was known."""
    key, version, last = question.key, question.version, question.last
    named = names(ports, key.venue)
    if isinstance(answer, Refused):
        silent = KeyReport(version.public_id, enabled=False)
        ports.audit.append(key.venue, "key.observe", records.observe(named, silent, answer.fault.value))
        return Inspection(key, version, None, answer, answer.fault in _DEATH, (), ())
    report = answer
    ports.audit.append(key.venue, "key.observe", records.observe(named, report))
    drift = _drift(key, last, report)
    if last is not None and report.ips is None and last.ips_origin is Origin.DECLARED:
        report = replace(report, ips=last.ips, ips_origin=Origin.DECLARED)
    now = ports.clock.now()
    ports.inventory.observe(Observation(version.id, now, report))
    found = warnings(key, report, question.adapter.facts, now)
    return Inspection(key, version, report, None, False, drift, found)


def _drift(key: Key, before: KeyReport | None, now: KeyReport) -> tuple[Drift, ...]:
    found = []
    if lacking := key.needs & ~(now.scopes | now.scopes_unknown):
        found.append(Drift("scopes lacking", _words(key.needs), _words(lacking), Origin.DECLARED))
    if key.account and now.account and key.account != now.account:
        found.append(Drift("account", key.account, now.account, Origin.DECLARED))
    if before is None:
        return tuple(found)
    pairs = [
        ("scopes", _words(before.scopes), _words(now.scopes)),
        ("permissions", ", ".join(before.grants), ", ".join(now.grants)),
        ("expiry", _when(before), _when(now)),
        ("enabled", str(before.enabled).lower(), str(now.enabled).lower()),
        ("label", before.label, now.label),
    ]
    if before.ips is not None and now.ips is not None:
        pairs.append(("IP list", _addresses(before.ips), _addresses(now.ips)))
    found += [Drift(what, old, new, before.scopes_origin) for what, old, new in pairs if old != new]
    return tuple(found)


def _words(scopes: Scope) -> str:
    return ", ".join(scope_names(scopes)) or "none"


def _addresses(ips: tuple[str, ...]) -> str:
    return ", ".join(sorted(ips)) or "any"


def _when(report: KeyReport) -> str:
    return "" if report.expires_at is None else f"{report.expires_at:%Y-%m-%d %H:%M} UTC"
