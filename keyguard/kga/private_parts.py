"""What an auditor sees of records beside their bodies: opened private parts (KGA/1 §3, §5.2), and who is who
between venues by them (§9).
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keyguard.core import canonical
from keyguard.core.record import OPENING_SIZE, Record, commitment
from keyguard.core.slots import FIRM
from keyguard.kga.derive.lines import Line
from keyguard.kga.verdict import Malformed

FILE = "private.jsonl"

_NAMES_A_PERSON = {
    "access.grant": ("person", "person"),
    "access.revoke": ("by", "by"),
    "approval.request": ("by", "asked_by"),
    "approval.decide": ("by", "decided_by"),
    "review.decide": ("by", "by"),
    "role.assign": ("person_f", "person"),
    "role.remove": ("person_f", "person"),
}
"""Where the body has a person's pseudonym, and where the private part has the same person's own id."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The private part of record `n`: its random part and its canonical bytes."""

    n: int
    opening: bytes
    private: bytes

    def line(self) -> bytes:
        """As `private.jsonl` has it, without the line's end."""
        return b'{"n":%d,"private":%b,"s":"%b"}' % (self.n, self.private, self.opening.hex().encode())

    def opens(self, record: Record) -> bool:
        """Whether the record committed to exactly this."""
        return record.priv == commitment(self.opening, self.private)

    def value(self) -> Mapping[str, Any]:
        """The private object."""
        found: Mapping[str, Any] = json.loads(self.private)
        return found


def parse(data: bytes) -> tuple[Opening, ...]:
    """Read `private.jsonl`; Malformed unless each line is an opening in its one spelling, by rising `n`.

    Texts may be any: paths and names are kept as they were. All else is as in a record.
    """
    if not data.endswith(b"\n"):
        raise Malformed(f"{FILE} is empty, or its last line is cut short")
    found = tuple(_opening(line) for line in data[:-1].split(b"\n"))
    if any(one.n >= after.n for one, after in itertools.pairwise(found)):
        raise Malformed(f"{FILE}: the lines are not in the order of the records")
    return found


def _opening(line: bytes) -> Opening:
    try:
        value = canonical.decode(line, canonical.private_text)
    except ValueError as error:
        raise Malformed(f"{FILE}: {error}") from None
    if not isinstance(value, dict) or value.keys() != {"n", "private", "s"}:
        raise Malformed(f"{FILE}: a line has other members")
    n, private, opening = value["n"], value["private"], value["s"]
    if type(n) is not int or n < 0 or not isinstance(private, dict) or not _is_opening(opening):
        raise Malformed(f"{FILE}: a member has the wrong form")
    return Opening(n, bytes.fromhex(opening), canonical.encode(private))


def _is_opening(text: Any) -> bool:
    return isinstance(text, str) and len(text) == 2 * OPENING_SIZE and set(text) <= set("0123456789abcdef")


Paired = tuple[Line, Mapping[str, Any]]
"""A record and what its private part says."""


def paired(lines: Iterable[Line], private: Mapping[int, Mapping[str, Any]]) -> Iterator[Paired]:
    """The records of one stream of which a private part is at hand, by number, with it."""
    return ((one, private[one.record.n]) for one in lines if one.record.n in private)


def persons(opened: Iterable[Paired]) -> list[dict[str, str]]:
    """Who is who at which venue: `{name, person, pseudonym, venue}`, sorted; `venue` is `firm` for the firm's
    own stream, `name` the last one declared or "". It says what the private parts say, and nothing of a
    person whom none names."""
    rows: set[tuple[str, str, str]] = set()
    names: dict[str, str] = {}
    for line, private in sorted(opened, key=lambda pair: (pair[0].at, pair[0].log_id, pair[0].record.n)):
        rows.update(_row(line.record, private))
        id_, name = private.get("id"), private.get("name")
        if _declares_a_person(line.record) and isinstance(id_, str) and isinstance(name, str):
            names[id_] = name
    return [
        {"name": names.get(person, ""), "person": person, "pseudonym": pseudonym, "venue": venue}
        for person, venue, pseudonym in sorted(rows)
    ]


def _declares_a_person(record: Record) -> bool:
    return (record.stream, record.type, record.body.get("kind")) == (FIRM, "people.change", "person")


def _row(record: Record, private: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    body_member, private_member = _NAMES_A_PERSON.get(record.type, ("", ""))
    pseudonym, person = record.body.get(body_member), private.get(private_member)
    if isinstance(pseudonym, str) and isinstance(person, str) and person:
        yield person, record.stream, pseudonym


def doubtful(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """What a map that is right never has: one pseudonym of two persons, or one person with two at a venue."""
    by_pseudonym: dict[tuple[str, str], set[str]] = defaultdict(set)
    by_person: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        by_pseudonym[row["venue"], row["pseudonym"]].add(row["person"])
        by_person[row["venue"], row["person"]].add(row["pseudonym"])
    found = [
        f"{venue}: {pseudonym} stands for {len(some)} persons"
        for (venue, pseudonym), some in by_pseudonym.items()
        if len(some) > 1
    ]
    found += [
        f"{venue}: a person has {len(some)} pseudonyms"
        for (venue, _), some in by_person.items()
        if len(some) > 1
    ]
    return sorted(found)
