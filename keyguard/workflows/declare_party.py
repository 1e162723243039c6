"""Declare, renew and end a party: another company whose people work for the firm."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from keyguard.core.errors import UsageError
from keyguard.core.lookalikes import alike
from keyguard.core.people import Contract, Party, PartyKind, Span
from keyguard.core.spelling import check_id, check_name
from keyguard.ports.all import Ports
from keyguard.workflows import people_records as told
from keyguard.workflows.authority import acting, demand_admin
from keyguard.workflows.end_person import Ended, end_one_person
from keyguard.workflows.identity import Actor


def declare(
    ports: Ports,
    id_: str,
    kind: PartyKind,
    contract: Contract,
    *,
    actor: Actor,
    relation: str,
    name: str = "",
    country: str = "",
    diligence_at: datetime | None = None,
    diligence_until: datetime | None = None,
) -> Party:
    """Add a party. Raises UsageError for an id that is taken or malformed, a name that looks like another's,
    a contract that ends before it begins."""
    demand_admin(ports, actor)
    span = Span(min(ports.clock.now(), contract.since))
    made = Party(id_, kind, relation, span, (contract,), name, country, diligence_at, diligence_until)
    named = told.namers(ports)
    with ports.inventory.transaction():
        _check(ports, made)
        told.change(ports, named, "party", id_, "declared", _private(made))
        ports.people.put_party(made)
    return made


def renew(
    ports: Ports,
    id_: str,
    *,
    actor: Actor,
    contract: Contract | None = None,
    diligence_at: datetime | None = None,
    diligence_until: datetime | None = None,
) -> Party:
    """Add a contract, or note a new due diligence. Venues that know the party are told."""
    demand_admin(ports, actor)
    named = told.namers(ports)
    with ports.inventory.transaction():
        before = find(ports, id_)
        after = replace(
            before,
            contracts=before.contracts + ((contract,) if contract else ()),
            diligence_at=diligence_at or before.diligence_at,
            diligence_until=diligence_until or before.diligence_until,
        )
        _check_dates(after)
        told.change(ports, named, "party", id_, "changed", _private(after))
        told.party_changed(ports, named, after)
        ports.people.put_party(after)
    return after


def end(ports: Ports, id_: str, *, actor: Actor, reason: str) -> tuple[Party, tuple[Ended, ...]]:
    """End a party: grants and time of its people first. UsageError `party.unknown`, `people.ended`."""
    named = told.namers(ports)
    with ports.inventory.transaction():
        party, by = find(ports, id_), acting(ports, actor).id
        if party.span.ended_at is not None:
            raise UsageError(f"{id_} has ended already", code="people.ended", still="nothing was changed")
        staff = [p for p in ports.people.persons() if p.party == id_ and p.span.ended_at is None]
        left = tuple(end_one_person(ports, named, person, by=by, reason=reason) for person in staff)
        ended = replace(party, span=replace(party.span, ended_at=ports.clock.now()))
        told.change(ports, named, "party", id_, "ended", _private(ended) | {"by": by, "reason": reason})
        told.party_changed(ports, named, ended)
        ports.people.put_party(ended)
    return ended, left


def find(ports: Ports, id_: str) -> Party:
    """The party with this id; UsageError `party.unknown`."""
    for party in ports.people.parties():
        if party.id == id_:
            return party
    raise UsageError(f"no party {id_!r}", code="party.unknown", hint="keyguard party list shows all")


def _private(party: Party) -> dict[str, object]:
    return {
        "name": party.name,
        "kind": party.kind.value,
        "relation": party.relation,
        "contracts": [contract.reference for contract in party.contracts],
    }


def _check(ports: Ports, made: Party) -> None:
    known = ports.people.parties()
    if any(party.id == made.id for party in known):
        raise _refused(f"there is or was a party {made.id} already", "party.taken", "an id is never reused")
    try:
        check_id(made.id)
        check_name(made.name)
        check_name(made.relation)
    except ValueError as error:
        raise _refused(str(error), "party.spelling") from None
    if other := alike(made.id, (party.id for party in known)):
        raise _refused(f"the id looks like that of another party: {other}", "party.alike")
    names = (party.name for party in known if party.span.ended_at is None and party.name)
    if made.name and (other := alike(made.name, names)):
        raise _refused(f"the name reads like that of another party: {other}", "party.alike")
    _check_dates(made)


def _check_dates(made: Party) -> None:
    if any(contract.until <= contract.since for contract in made.contracts):
        raise _refused("the contract ends before it begins", "party.contract")


def _refused(what: str, code: str, hint: str = "") -> UsageError:
    return UsageError(what, code=code, still="nothing was changed", hint=hint)
