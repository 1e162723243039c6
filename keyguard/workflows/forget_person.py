"""Forget who a person was, years after they left: names go, pseudonyms and proofs stay (KGA/1 §7, §17)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyguard.core.canonical import parse_instant
from keyguard.core.errors import UsageError
from keyguard.core.forgetting import PREFIX, is_them, names_them, spelled
from keyguard.core.people import Person
from keyguard.core.slots import FIRM
from keyguard.ports.all import Ports
from keyguard.workflows import declare_person
from keyguard.workflows.authority import demand_admin
from keyguard.workflows.identity import Actor, names
from keyguard.workflows.log_prune import CHOICES

_INSTEAD_BYTES = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """Who may be forgotten, and the numbers of the records whose private part names them."""

    person: Person
    numbers: tuple[int, ...]


def due(ports: Ports, years: int) -> tuple[Person, ...]:
    """Everybody who left so long ago and is not forgotten, the first one first."""
    before = _before(ports, years)
    found = [one for one in ports.people.persons() if not one.id.startswith(PREFIX)]
    return tuple(
        sorted((one for one in found if _left(one, before)), key=lambda one: (one.span.end or before, one.id))
    )


def plan(ports: Ports, id_: str, years: int) -> Plan:
    """Find what names a person who left `years` ago or longer.

    UsageError `prune.years`, `person.unknown`, and `person.retained` for one who is here, who left later, or
    whom a record of that time names.
    """
    before = _before(ports, years)
    person = declare_person.find(ports, id_)
    if person.id.startswith(PREFIX):
        raise _refused(f"{id_} is forgotten already", "person.forgotten")
    if not _left(person, before):
        end = person.span.end
        left = f"left on {end:%Y-%m-%d}" if end and end <= ports.clock.now() else "has not left"
        raise _refused(f"{id_} {left}, and names are kept for {years} years", "person.retained")
    known = [word for word in (person.id, person.name) if word]
    words = sorted({*known, *(user.user for user in person.users)})
    numbers = []
    for number, private in _naming(ports, words):
        at = _instant(ports, number)
        if at < before:
            numbers.append(number)
        elif is_them(private, known):
            raise _refused(
                f"record {number} of {at:%Y-%m-%d} names {id_}, and is kept for {years} years",
                "person.retained",
                "try again when it is that old",
            )
    return Plan(person, tuple(numbers))


def forget(ports: Ports, planned: Plan, *, actor: Actor) -> str:
    """Delete these private parts and take the person out of every table; the name that stands there now.

    One transaction with the record of it, which names nobody. Their pseudonyms stay, and the id is never
    given to somebody else. UsageError `rights.not_admin`; StoreError.
    """
    demand_admin(ports, actor)
    id_ = planned.person.id
    firm = names(ports, FIRM)
    instead = f"{PREFIX}{ports.clock.token(_INSTEAD_BYTES).hex()}"
    with ports.inventory.transaction():
        body = {"kind": "person", "subject": firm.record_id(f"person_{id_}"), "change": "forgotten"}
        ports.audit.append(FIRM, "people.change", body)
        ports.audit.forget_private(planned.numbers)
        ports.people.forget(id_, instead)
        ports.people.note(declare_person.forgotten_note(firm, id_), "")
    return instead


def _before(ports: Ports, years: int) -> datetime:
    if years not in CHOICES:
        raise _refused(f"names are kept for {', '.join(map(str, CHOICES))} years, not {years}", "prune.years")
    return ports.clock.now() - timedelta(days=365.25 * years)


def _left(person: Person, before: datetime) -> bool:
    return person.span.end is not None and person.span.end <= before


def _naming(ports: Ports, words: list[str]) -> list[tuple[int, bytes]]:
    found: dict[int, bytes] = {}
    for word in words:
        for number, private in ports.audit.private_parts(holding=spelled(word)):
            if number not in found and names_them(private, words):
                found[number] = private
    return sorted(found.items())


def _instant(ports: Ports, number: int) -> datetime:
    entry = next(ports.audit.entries(after=number - 1))
    return parse_instant(json.loads(entry.record)["t"])


def _refused(what: str, code: str, hint: str = "") -> UsageError:
    return UsageError(what, code=code, still="nothing was forgotten", hint=hint)
