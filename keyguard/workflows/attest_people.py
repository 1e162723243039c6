"""Names that a statement discloses, each with the purpose and the legal basis (KGA/1 §7, §8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from keyguard.core.errors import UsageError
from keyguard.core.forgetting import PREFIX
from keyguard.ports.all import Ports
from keyguard.workflows.attest_config import text
from keyguard.workflows.identity import names


def disclosed(
    ports: Ports, wanted: Sequence[str], venues: Iterable[str], purpose: str, basis: str
) -> tuple[dict[str, str], ...]:
    """Rows of `people_disclosed`: for each of these persons the pseudonym at each venue, and the name.

    Without a venue, for an auditor, at every venue with a key. UsageError `people.unknown`.
    """
    if not wanted:
        return ()
    persons = {one.id: one for one in ports.people.persons() if not one.id.startswith(PREFIX)}
    if missing := [one for one in wanted if one not in persons]:
        raise UsageError(
            f"no person {missing[0]!r}", code="people.unknown", still="nothing was issued", hint="person list"
        )
    shown = list(venues) or sorted({key.venue for key in ports.inventory.keys()})  # noqa: SIM118 - of the port
    rows = []
    for venue in shown:
        named = names(ports, venue)
        for id_ in wanted:
            person = persons[id_]
            latin, _, local = ((part.strip()) for part in (person.name or id_).partition("/"))
            rows.append(
                {
                    "person": named.person(id_),
                    "name_local": text(local or latin, "name"),
                    "name_latin": text(latin, "name"),
                    "role": person.capacity.value,
                    "purpose": text(purpose, "purpose"),
                    "legal_basis": text(basis, "legal_basis"),
                }
            )
    return tuple(sorted(rows, key=lambda row: row["person"]))
