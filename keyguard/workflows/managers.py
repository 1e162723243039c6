"""Which key may manage an account by API, proven by the list of keys it sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keyguard.core.errors import NotStored, Refused, UsageError
from keyguard.core.exchange import Adapter, KeyReport, Step
from keyguard.core.keys import Key, KeyVersion, Origin, Scope
from keyguard.ports.all import Ports
from keyguard.workflows import credentials
from keyguard.workflows.operations import ask
from keyguard.workflows.venue_keys import can_end, ending, find

Attempt = Callable[[Adapter, KeyReport], Step[Any]]
"""What the manager is to do with the listed key; begun only as far as tells whether it is offered."""


def choose(
    ports: Ports,
    key: Key,
    version: KeyVersion,
    account: str,
    *,
    named: str,
    itself: bool,
    attempt: Attempt | None = ending,
) -> str:
    """Return the id of a key that manages `version`'s account, "" if a person must do it.

    `named` (a key's name, "" for a search) must manage it, else UsageError. `itself`: the key may manage
    itself, if nothing else does; that key sees itself in the list by definition. `attempt` None: it need
    only see the key.
    """
    adapter = ports.gateway.adapter(key.venue)
    offered = attempt is not ending or can_end(adapter)
    if named:
        manager = ports.inventory.find_key(named)
        if manager.venue != key.venue:
            raise UsageError(f"{manager.name} is a key of another venue", code="manager.venue")
        blind = (
            _blind(ports, manager, version.public_id, account, attempt)
            if offered
            else "the venue ends no keys by API"
        )
        if blind:
            raise UsageError(
                f"{manager.name} does not manage the account of {key.name}: {blind}",
                code="manager.blind",
                still="nothing was changed",
                hint="name a key whose list of keys holds this one, or none to do it by hand",
            )
        return manager.id
    if not offered:
        return ""
    for candidate in candidates(ports, key, itself=itself):
        if not _blind(ports, candidate, version.public_id, account, attempt):
            return candidate.id
    return ""


def candidates(ports: Ports, key: Key, *, itself: bool) -> list[Key]:
    """The keys that may manage this one, as last observed; itself last, where that counts."""
    known = ports.inventory.keys()
    found = [k for k in known if k.id != key.id and _may_manage(ports, k, key)]
    if itself and _may_manage(ports, key, key):
        found.append(key)
    return found


def _may_manage(ports: Ports, candidate: Key, key: Key) -> bool:
    if (candidate.venue, candidate.environment) != (key.venue, key.environment):
        return False
    try:
        version = ports.inventory.live_version(candidate.id)
    except UsageError:
        return False
    seen = ports.inventory.last_observation(version.id)
    return seen is not None and Scope.MANAGE_KEYS in seen.report.scopes


def _blind(ports: Ports, manager: Key, public_id: str, account: str, attempt: Attempt | None) -> str:
    """Return why the manager does not see the key in its list, "" if it does."""
    list_keys = ports.gateway.adapter(manager.venue).list_keys
    if list_keys is None:
        return "the venue lists no keys"
    try:
        who = credentials.load(ports, ports.inventory.live_version(manager.id))
        reports = ask(ports, manager.venue, list_keys(account), who)
        found = find(reports, public_id)
        if found is None:
            return "its list of keys is without this one"
        if attempt is not None:
            next(attempt(ports.gateway.adapter(manager.venue), found))  # only asked whether it is offered
    except (Refused, NotStored, UsageError) as error:
        return error.message
    return ""


def completed(ports: Ports, manager: str, account: str, report: KeyReport) -> KeyReport:
    """Add what the managing key's list tells of a key and the venue did not tell to the key itself.

    `manager` is the id of the managing key. A list without the key adds nothing: it may be behind.
    """
    if report.scopes_origin is report.ips_origin is Origin.REPORTED:
        return report
    venue = ports.inventory.find_key(manager).venue
    list_keys = ports.gateway.adapter(venue).list_keys
    if list_keys is None:
        return report
    who = credentials.load(ports, ports.inventory.live_version(manager))
    listed = find(ask(ports, venue, list_keys(account), who), report.public_id)
    if listed is None:
        return report
    if report.scopes_origin is not Origin.REPORTED and listed.scopes_origin is Origin.REPORTED:
        report = replace(
            report,
            scopes=listed.scopes,
            scopes_unknown=listed.scopes_unknown,
            scopes_origin=Origin.REPORTED,
            grants=listed.grants,
        )
    if report.ips_origin is not Origin.REPORTED and listed.ips is not None:
        report = replace(report, ips=listed.ips, ips_origin=listed.ips_origin)
    return report
