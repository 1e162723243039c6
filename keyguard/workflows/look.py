"""Ask the venues about all keys, and for keys nobody registered; note what is wrong as findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from keyguard.core.errors import KeyguardError, NotStored, Refused, StoreError, UsageError
from keyguard.core.exchange import KeyReport, Since
from keyguard.core.findings import Finding, Item, Kind
from keyguard.core.keys import Environment, Key, KeyVersion, Origin, Scope, scope_names
from keyguard.core.policy import Level
from keyguard.ports.all import Ports
from keyguard.workflows import credentials, deaths, findings, records
from keyguard.workflows.identity import names
from keyguard.workflows.inspect_key import Drift, Inspection, inspect_key
from keyguard.workflows.operations import ask

Account = tuple[str, Environment, str]

_HELD = frozenset({"scopes lacking", "account"})
"""Differences from what is declared: they hold on, and the radar has them."""
_GRAVE = frozenset({"scopes", "IP list"})


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking at all keys. `unasked`: name of a key or account -> why it could not be asked."""

    inspections: tuple[Inspection, ...]
    unknown: tuple[Item, ...]
    unasked: dict[str, str]


def at_key(ports: Ports, key_name: str) -> Inspection:
    """Inspect one key and note drift and refusal as findings; raises what `inspect_key` raises."""
    seen = inspect_key(ports, key_name)
    if seen.dead or any(drift.what == "enabled" and drift.now == "false" for drift in seen.drift):
        deaths.noticed(ports, seen.key, seen.version, seen.refusal)
    items = [_drift(ports, seen, drift) for drift in seen.drift if drift.what not in _HELD]
    if seen.refusal is not None:
        items.append(_refusal(ports, seen, seen.refusal))

    def covers(finding: Finding) -> bool:
        return finding.item.kind is Kind.REFUSED and finding.item.subject == seen.key.name

    findings.keep(ports, items, covers)
    return seen


def at_all(
    ports: Ports, going_on: Callable[[], bool] = lambda: True, *, since: datetime | None = None
) -> Looked:
    """Inspect every key with a live version, then list their accounts' keys. Stops where not `going_on`.

    A key that its venue was asked about `since` then is passed over, and so is its account.
    A venue that cannot be asked about one key is passed over, as is a key in use where asking disturbs its
    user; StoreError where the store is locked or
    broken. The gateway keeps to the venues' rates.
    """
    every = ports.inventory.keys()
    live = ports.inventory.live_versions([key.id for key in every])
    before = ports.inventory.last_observations([version.id for version in live.values()])
    inspections: list[Inspection] = []
    unasked: dict[str, str] = {}
    for key in every:
        version = live.get(key.id)
        observation = None if version is None else before.get(version.id)
        lately = since is not None and observation is not None and observation.at >= since
        if version is not None and not lately and going_on():
            with _passed_over(unasked, key.name):
                _leave_alone(ports, key, version)
                inspections.append(at_key(ports, key.id))
    unknown: list[Item] = []
    managers = _managers(ports, every, live)
    for (venue, environment, account), own in _accounts(ports, inspections).items():
        if going_on():
            with _passed_over(unasked, f"the keys of {venue}/{account}"):
                listers = (*managers[venue, environment], own)
                unknown += _unregistered(
                    ports, venue, account, listers, _doubtful(ports, inspections, account)
                )
    return Looked(tuple(inspections), tuple(unknown), unasked)


def _leave_alone(ports: Ports, key: Key, version: KeyVersion) -> None:
    """Raise UsageError for a key that died, or that our asking would disturb; on demand it is asked about.

    That is one in use, and at a venue that ends unused keys any: looking must not keep a parked key alive.
    """
    deaths.refuse_asking_again(ports, key, version)
    facts = ports.gateway.adapter(key.venue).facts
    in_use = bool(ports.inventory.open_leases(version.id))
    idle_clock = any(life.since is Since.USE for life in facts.lives)
    if facts.disturbs and (in_use or idle_clock):
        raise UsageError(
            f"it is {'' if in_use else 'not '}in use, and asking {facts.disturbs}",
            code="key.in_use",
            hint=f"keyguard key inspect {key.name}",
        )


@contextmanager
def _passed_over(unasked: dict[str, str], name: str) -> Iterator[None]:
    """Note why something could not be asked, and go on; a store that is locked or broken ends all."""
    try:
        yield
    except KeyguardError as error:
        if isinstance(error, StoreError) and not isinstance(error, NotStored):
            raise
        unasked[name] = error.message


def _accounts(ports: Ports, inspections: Sequence[Inspection]) -> dict[Account, KeyVersion]:
    """The accounts in which keys were just seen, each with one of its keys."""
    found: dict[Account, KeyVersion] = {}
    for seen in inspections:
        if seen.report is not None and ports.gateway.adapter(seen.key.venue).list_keys is not None:
            account = seen.report.account or seen.key.account
            found.setdefault((seen.key.venue, seen.key.environment, account), seen.version)
    return found


def _managers(
    ports: Ports, every: Sequence[Key], live: Mapping[str, KeyVersion]
) -> defaultdict[tuple[str, Environment], list[KeyVersion]]:
    """The keys that manage keys, by venue and environment."""
    seen = ports.inventory.last_observations([version.id for version in live.values()])
    found: defaultdict[tuple[str, Environment], list[KeyVersion]] = defaultdict(list)
    for key in every:
        observation = seen.get(live[key.id].id) if key.id in live else None
        if observation is not None and Scope.MANAGE_KEYS in observation.report.scopes:
            found[key.venue, key.environment].append(live[key.id])
    return found


def _doubtful(ports: Ports, seen: Sequence[Inspection], account: str) -> list[Inspection]:
    """Keys of an account that were refused by words which can mean their death, and other things too.

    None where the account is not known: then the list of another account would be without them as well.
    """
    found = []
    for one in seen:
        if account and one.refusal is not None and not one.dead:
            last = ports.inventory.last_observation(one.version.id)
            means = ports.gateway.adapter(one.key.venue).facts.dead
            if one.refusal.fault in means and account in (one.key.account, last and last.report.account):
                found.append(one)
    return found


def _unregistered(
    ports: Ports, venue: str, account: str, listers: Sequence[KeyVersion], doubtful: Sequence[Inspection]
) -> tuple[Item, ...]:
    """The first list that a venue gives to one of the keys is recorded and compared; raises the last refusal
    if it gives none. A doubtful key that is not in it has died."""
    refusal: Refused | None = None
    for version in listers:
        list_keys = ports.gateway.adapter(venue).list_keys
        assert list_keys is not None
        try:
            reports = ask(ports, venue, list_keys(account), credentials.load(ports, version))
        except Refused as refused:
            refusal = refused
            continue
        items = _compared(ports, venue, account, reports)
        listed = {report.public_id for report in reports}
        for one in doubtful:
            if one.key.venue == venue and one.version.public_id not in listed:
                deaths.noticed(ports, one.key, one.version, None, "the venue refuses it and does not list it")
        return items
    assert refusal is not None
    raise refusal


def _compared(ports: Ports, venue: str, account: str, reports: tuple[KeyReport, ...]) -> tuple[Item, ...]:
    unknown = [r for r in reports if ports.inventory.version_by_public_id(venue, r.public_id) is None]
    ports.audit.append(venue, "venue.keys_listed", records.keys_listed(names(ports, venue), reports, unknown))
    if unknown and _being_made(ports, venue):
        return ()  # it may be the new key of a rotation that is under way: the next look tells
    now = ports.clock.now()
    before = f"{venue}/{account}/"
    items = tuple(
        Item(
            Kind.UNKNOWN_KEY,
            Level.HIGH if report.enabled else Level.LOW,
            before + (report.label or f"…{report.public_id[-4:]}"),
            f"a key at the venue that nobody registered; may {_words(report.scopes)}",
            report.created_at or now,
            f"keyguard key add {venue} --desk DESK --label LABEL",
            report.scopes_origin,
            report.public_id,
        )
        for report in unknown
    )

    def covers(finding: Finding) -> bool:
        return finding.item.kind is Kind.UNKNOWN_KEY and finding.item.subject.startswith(before)

    findings.keep(ports, items, covers)
    return items


def _being_made(ports: Ports, venue: str) -> bool:
    ids = {workflow.key_id for workflow in ports.journal.workflows(unfinished=True)}
    return any(key.id in ids and key.venue == venue for key in ports.inventory.keys())  # noqa: SIM118


def _drift(ports: Ports, seen: Inspection, drift: Drift) -> Item:
    assert seen.report is not None
    origins = {
        "scopes": seen.report.scopes_origin,
        "permissions": seen.report.scopes_origin,
        "IP list": seen.report.ips_origin,
        "expiry": seen.report.expiry_origin,
    }
    return Item(
        Kind.DRIFT,
        Level.HIGH if drift.what in _GRAVE else Level.MEDIUM,
        seen.key.name,
        f"{drift.what} changed at the venue: was {drift.before or 'none'}, is {drift.now or 'none'}",
        ports.clock.now(),
        f"keyguard key show {seen.key.name}",
        origins.get(drift.what, Origin.REPORTED),
        drift.what,
        seen.version.id,
    )


def _refusal(ports: Ports, seen: Inspection, refusal: Refused) -> Item:
    text = "the venue no longer accepts the key" if seen.dead else f"the venue refuses it: {refusal.message}"
    return Item(
        Kind.REFUSED,
        Level.HIGH if seen.dead else Level.MEDIUM,
        seen.key.name,
        text,
        ports.clock.now(),
        f"keyguard key inspect {seen.key.name}",
        Origin.REPORTED,
        version=seen.version.id,
    )


def _words(scopes: Scope) -> str:
    return ", ".join(scope_names(scopes)) or "nothing that it tells"
