"""What of keys needs a person: ends that come, and what the venue last said against what is declared.

Reads only what is stored. `inspect_all` asks the venues.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from keyguard.core.exchange import Facts
from keyguard.core.expiry import deadlines
from keyguard.core.findings import Item, Kind
from keyguard.core.keys import Key, KeyKind, KeyVersion, Origin, Scope, scope_names
from keyguard.core.oauth import OAuth, tokens_of
from keyguard.core.policy import Level, excess_of, excess_text
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Observation

URGENT = timedelta(days=7)
"""An end closer than this: venues remind their users at 7 days too."""
UNOBSERVED = timedelta(days=7)
"""A key not looked at for so long may have drifted."""


def keys(ports: Ports, now: datetime, soon: timedelta) -> Iterator[Item]:
    """Every item of every key with a live version."""
    every = ports.inventory.keys()
    live = ports.inventory.live_versions([key.id for key in every])
    seen = ports.inventory.last_observations([version.id for version in live.values()])
    for key in every:
        version = live.get(key.id)
        if version is None:
            continue
        observation = seen.get(version.id)
        facts = ports.gateway.adapter(key.venue).facts
        if observation is None or now - observation.at >= UNOBSERVED:
            yield _unobserved(key, version, observation)
        if observation is not None:
            if key.kind is KeyKind.OAUTH:
                yield from _tokens(ports, key, version, observation, now, soon)
            else:
                yield from _expiry(key, version, observation, facts, now, soon)
            yield from _scopes(key, observation)
            yield from _others(key, observation, facts)


def _unobserved(key: Key, version: KeyVersion, seen: Observation | None) -> Item:
    text = "the venue was never asked about it" if seen is None else "the venue was not asked for a week"
    at = version.created_at if seen is None else seen.at
    command = f"keyguard key inspect {key.name}"
    return Item(Kind.UNOBSERVED, Level.LOW, key.name, text, at, command, Origin.UNKNOWN, version=version.id)


def _expiry(
    key: Key, version: KeyVersion, seen: Observation, facts: Facts, now: datetime, soon: timedelta
) -> Iterator[Item]:
    for end in deadlines(seen.report, facts, known_since=version.created_at, seen=seen.at):
        if end.at > now + soon:
            continue
        over = end.at <= now
        level = Level.HIGH if end.at <= now + URGENT else Level.MEDIUM
        text = f"{'expired' if over else 'expires'} {end.at:%Y-%m-%d %H:%M} UTC: {end.rule}"
        if end.source:
            text += f"; {end.source}"
        command = f"keyguard key rotate {key.name}"
        yield Item(Kind.EXPIRY, level, key.name, text, end.at, command, end.origin, version=version.id)
        return


def _tokens(
    ports: Ports, key: Key, version: KeyVersion, seen: Observation, now: datetime, soon: timedelta
) -> Iterator[Item]:
    """The end of a sign-in: of its refresh token where that is near, else of its access token, which the
    daemon should have replaced before."""
    facts, ends = tokens_of(ports.gateway.adapter(key.venue)), seen.report.expires_at
    if facts is None or ends is None:
        return
    life = facts.refresh_life if isinstance(facts, OAuth) else None
    last = None if life is None else ends - facts.access_life + life
    if life is not None and last is not None and last <= now + min(soon, life / 3):
        level = Level.HIGH if last <= now + URGENT else Level.MEDIUM
        done = "ended" if last <= now else "ends"
        text = f"its refresh token {done} {last:%Y-%m-%d %H:%M} UTC unless refreshed; {facts.source}"
        command = f"keyguard key refresh {key.name}"
        yield Item(Kind.EXPIRY, level, key.name, text, last, command, Origin.INFERRED, version=version.id)
    elif ends <= now + facts.late:
        text = f"{'expired' if ends <= now else 'expires'} {ends:%Y-%m-%d %H:%M} UTC: the venue's date"
        command = f"keyguard key refresh {key.name}"
        origin = seen.report.expiry_origin
        yield Item(Kind.EXPIRY, Level.HIGH, key.name, text, ends, command, origin, version=version.id)


def _scopes(key: Key, seen: Observation) -> Iterator[Item]:
    report = seen.report
    grave = excess_of(key, report) & (Scope.WITHDRAW | Scope.MANAGE_KEYS)
    if text := excess_text(key, report):
        needs = "" if key.needs else " --needs SCOPE,…"
        yield Item(
            Kind.SCOPES,
            Level.HIGH if grave else Level.MEDIUM,
            key.name,
            text,
            seen.at,
            f"keyguard key minimise {key.name}{needs} --apply",
            report.scopes_origin,
            "excess",
            seen.version_id,
        )
    if lacking := key.needs & ~(report.scopes | report.scopes_unknown):
        yield Item(
            Kind.SCOPES,
            Level.MEDIUM,
            key.name,
            f"may not {_words(lacking)}, which its purpose needs",
            seen.at,
            f"keyguard key show {key.name}",
            report.scopes_origin,
            "lacking",
            seen.version_id,
        )


def _others(key: Key, seen: Observation, facts: Facts) -> Iterator[Item]:
    report = seen.report

    def item(kind: Kind, level: Level, text: str, command: str, origin: Origin) -> Item:
        return Item(kind, level, key.name, text, seen.at, command, origin, version=seen.version_id)

    if report.ips == () and facts.max_ips != 0:
        narrow = f"keyguard key minimise {key.name} --ips IP,… --apply"
        yield item(
            Kind.ADDRESSES, Level.MEDIUM, "no IP list: works from any address", narrow, report.ips_origin
        )
    if not report.enabled:
        inspect = f"keyguard key inspect {key.name}"
        yield item(Kind.DISABLED, Level.HIGH, "disabled at the venue", inspect, Origin.REPORTED)
    if key.account and report.account and key.account != report.account:
        text = f"is of account {report.account}, declared is {key.account}"
        yield item(Kind.ACCOUNT, Level.HIGH, text, f"keyguard key show {key.name}", Origin.REPORTED)


def _words(scopes: Scope) -> str:
    return ", ".join(scope_names(scopes))
