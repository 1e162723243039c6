"""Ask the venues about all keys, and for keys nobody registered; note what is wrong as findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from keyguard.core.errors import KeyguardError, NotStored, Refused, StoreError, UsageError
from keyguard.core.exchange import KeyReport, Since
from keyguard.core.findings import Finding, Item, Kind
from keyguard.core.keys import Environment, Key, KeyVersion, Origin, Scope, scope_names
from keyguard.core.policy import Level
from keyguard.ports.all import Ports
from keyguard.workflows import credentials, deaths, findings, records
from keyguard.workflows.identity import names
from keyguard.workflows.inspect_key import Drift, Inspection, conclude, inspect_key, prepare, put
from keyguard.workflows.lanes import Call, InTurn, Lane, in_order, together
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
    return _noted(ports, inspect_key(ports, key_name))


def _noted(ports: Ports, seen: Inspection) -> Inspection:
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

    Venues are asked beside each other, and so are the keys of one where `in_order` lets them; `going_on` is
    asked and the stores are used in the caller's thread alone. What is under way at the end is still noted.
    A key that its venue was asked about `since` then is passed over, and so is its account.
    A venue that cannot be asked about one key is passed over, as is a key in use where asking disturbs its
    user; StoreError where the store is locked or broken. The gateway keeps to the venues' rates.
    """
    ports = replace(ports, person=InTurn(ports.person))
    every = ports.inventory.keys()
    live = ports.inventory.live_versions([key.id for key in every])
    before = ports.inventory.last_observations([version.id for version in live.values()])
    looks: dict[str, _Look] = {}
    for key in every:
        if key.id not in live:
            continue
        look = looks.setdefault(key.venue, _Look(ports, going_on, live))
        look.keys.append(key)
        observation = before.get(live[key.id].id)
        if since is None or observation is None or observation.at < since:
            look.asking.append(key)
    together(lane for look in looks.values() for lane in look.lanes())
    inspections = {seen.key.id: seen for look in looks.values() for seen in look.inspections}
    return Looked(
        tuple(inspections[key.id] for key in every if key.id in inspections),
        tuple(item for look in looks.values() for item in look.unknown),
        {name: why for look in looks.values() for name, why in look.unasked.items()},
    )


@dataclass(slots=True)
class _Look:
    """At the keys of one venue, of which those of `asking` are asked about; `live`: by key id."""

    ports: Ports
    going_on: Callable[[], bool]
    live: Mapping[str, KeyVersion]
    keys: list[Key] = field(default_factory=list)
    asking: list[Key] = field(default_factory=list)
    inspections: list[Inspection] = field(default_factory=list)
    unknown: list[Item] = field(default_factory=list)
    unasked: dict[str, str] = field(default_factory=dict)
    _under_way: int = 0

    def lanes(self) -> list[Lane]:
        """All of it; the last lane to have seen its keys goes on with the lists of their accounts."""
        facts = self.ports.gateway.adapter(self.keys[0].venue).facts
        beside = in_order(facts, self.asking)
        self._under_way = len(beside)
        return [self._lane(keys) for keys in beside]

    def _lane(self, keys: Sequence[Key]) -> Lane:
        for key in keys:
            if self.going_on():
                with _passed_over(self.unasked, key.name):
                    _leave_alone(self.ports, key, self.live[key.id])
                    question = prepare(self.ports, key)
                    answer = yield partial(put, self.ports, question)
                    self.inspections.append(_noted(self.ports, conclude(self.ports, question, answer)))
        self._under_way -= 1
        if not self._under_way:
            yield from self._lists()

    def _lists(self) -> Lane:
        managers = _managers(self.ports, self.keys, self.live)
        for (venue, environment, account), own in _accounts(self.ports, self.inspections).items():
            if self.going_on():
                with _passed_over(self.unasked, f"the keys of {venue}/{account}"):
                    reports = yield from _listed(self.ports, venue, account, (*managers[environment], own))
                    self.unknown += _compared(self.ports, venue, account, reports)
                    self._bury({report.public_id for report in reports}, account)

    def _bury(self, listed: set[str], account: str) -> None:
        """A doubtful key that is not in its account's list has died."""
        for one in _doubtful(self.ports, self.inspections, account):
            if one.version.public_id not in listed:
                why = "the venue refuses it and does not list it"
                deaths.noticed(self.ports, one.key, one.version, None, why)


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
    ports: Ports, keys: Sequence[Key], live: Mapping[str, KeyVersion]
) -> defaultdict[Environment, list[KeyVersion]]:
    """Those of a venue's keys that manage keys, by environment."""
    seen = ports.inventory.last_observations([live[key.id].id for key in keys])
    found: defaultdict[Environment, list[KeyVersion]] = defaultdict(list)
    for key in keys:
        observation = seen.get(live[key.id].id)
        if observation is not None and Scope.MANAGE_KEYS in observation.report.scopes:
            found[key.environment].append(live[key.id])
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


def _listed(
    ports: Ports, venue: str, account: str, listers: Sequence[KeyVersion]
) -> Generator[Call, tuple[KeyReport, ...], tuple[KeyReport, ...]]:
    """The first list that a venue gives to one of the keys; raises the last refusal if it gives none."""
    list_keys = ports.gateway.adapter(venue).list_keys
    assert list_keys is not None
    refusal: Refused | None = None
    for version in listers:
        who = credentials.load(ports, version)
        try:
            return (yield partial(ask, ports, venue, list_keys(account), who))
        except Refused as refused:
            refusal = refused
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
