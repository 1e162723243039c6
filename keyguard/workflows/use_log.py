"""The audit log's hand-outs as uses, and the histories that follow from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyguard.core.canonical import parse_instant
from keyguard.core.errors import IntegrityError
from keyguard.core.people import Party, Person
from keyguard.core.use_history import History, Use
from keyguard.ports.all import Ports
from keyguard.ports.uses import Logged, Uses

STEP = 5_000
"""Records of the log that are looked at in one transaction."""


@dataclass(frozen=True, slots=True)
class Past:
    """A hand-out of the log: of which version, and to whom as far as its private part tells."""

    fingerprint: str
    use: Use
    person_id: str = ""


def catch_up(ports: Ports, uses: Uses) -> None:
    """Take in all of a long log but its end, step by step: nobody waits long for the database meanwhile."""
    while uses.behind() > STEP:
        with ports.inventory.transaction():
            take_in(uses)


def take_in(uses: Uses) -> Mapping[str, History]:
    """Take in what the log has grown by, at most `STEP` records; the histories that this changed, by key id.

    Call it inside a transaction.
    """
    before = uses.taken_in()
    number, logged = uses.logged(before, STEP)
    if number == before:
        return {}
    found = list(past(logged))
    ids = uses.key_ids(sorted({one.fingerprint for one in found}))
    changed: dict[str, History] = {}
    known = uses.histories(sorted(set(ids.values())))
    for one in found:
        if (key_id := ids.get(one.fingerprint)) is not None:
            history = changed.get(key_id) or known.get(key_id) or History()
            changed[key_id] = history.after(one.use)
    uses.take_in(changed, number)
    return changed


def past(logged: Iterable[Logged]) -> Iterator[Past]:
    """What these records tell; IntegrityError for one that makes no sense. `Use.key` is not known to them."""
    for one in logged:
        try:
            record, private = json.loads(one.record), json.loads(one.private or b"{}")
            if record["type"] == "handout":
                yield _past(record["body"], parse_instant(record["t"]), private)
        except (ValueError, LookupError, TypeError, AttributeError):
            raise IntegrityError(
                "a hand-out in the audit log cannot be read",
                code="log.altered",
                still="nothing was handed out",
                hint="keyguard log verify names the record",
            ) from None


def contract_end(parties: Iterable[Party], person: Person | None, at: datetime) -> datetime | None:
    """When the contract of this person's company ends or ended; None for who needs none."""
    party = next((one for one in parties if person is not None and one.id == person.party), None)
    if party is None:
        return None
    contract = party.contract(at) or party.latest
    return min(end for end in (contract.until, party.span.end) if end is not None)


def _past(body: Mapping[str, Any], at: datetime, private: Mapping[str, Any]) -> Past:
    person = private.get("person", "")
    use = Use(
        key="",
        at=at,
        person=body["person"],
        host=body["host"],
        who=person or private.get("user", body["person"]),
        where=private.get("host", body["host"]),
        executable=private.get("executable", ""),
        sha256=private.get("executable_sha256", ""),
        party=private["party"] if person else None,
        addresses=tuple(private.get("addresses_declared", ())),
        organisation=private.get("organisation_declared"),
    )
    return Past(body["key"], use, person)
