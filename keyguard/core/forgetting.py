"""A person who left is forgotten: a name that says nothing takes the place of theirs (KGA/1 §7, §17).

What was allowed when stays answerable, and the log keeps its pseudonyms; nobody can tell any more whose.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from keyguard.core.people import Approval

PREFIX = "forgotten-"
"""How the name in their place begins; no person is declared under such a one."""

_PERSONS = frozenset(
    "person given_by asked_by decided_by opened_by closed_by ended_by by head owner reviewers".split()
)
"""Members of stored facts that hold ids of persons, one or a list."""
_ABOUT_PERSON = (("scope", "person"), ("kind", "person"))
"""What makes the member `subject` of a freeze or a report the id of a person."""


def renamed(value: Any, id_: str, instead: str) -> Any:
    """Stored facts (JSON) with `instead` wherever a member holds this person's id.

    A grant of theirs loses the OS users and paths it was bound to, which tell whose it was. A document
    within (a report's text) is changed likewise.
    """
    if isinstance(value, list):
        return [renamed(one, id_, instead) for one in value]
    if not isinstance(value, dict):
        return value
    made = {name: _member(name, held, id_, instead) for name, held in value.items()}
    if made.get("subject") == id_ and any(value.get(name) == word for name, word in _ABOUT_PERSON):
        made["subject"] = instead
    if value.get("person") == id_:
        made |= {name: [] for name in ("users", "executables") if name in made}
    return made


def names_forgotten(approval: Approval) -> bool:
    """Whether it was of somebody who was forgotten: its signature is over the name they had."""
    told = (approval.asked_by, approval.decided_by, approval.subject.get("person", ""))
    return any(one.startswith(PREFIX) for one in told)


def names_them(private: bytes, words: Iterable[str]) -> bool:
    """Whether a record's private part (canonical JSON) holds one of these as a word of its own."""
    found = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words))
    return any(found.search(text) for text in _texts(json.loads(private)))


def is_them(private: bytes, words: Iterable[str]) -> bool:
    """Whether a text of it is exactly one of these."""
    return not set(words).isdisjoint(_texts(json.loads(private)))


def spelled(word: str) -> bytes:
    """A word as canonical JSON has it inside a text."""
    return json.dumps(word, ensure_ascii=False)[1:-1].encode()


def _member(name: str, held: Any, id_: str, instead: str) -> Any:
    if name in _PERSONS:
        if isinstance(held, list):
            return [instead if one == id_ else renamed(one, id_, instead) for one in held]
        if held == id_:
            return instead
    if name == "document" and isinstance(held, str):
        return json.dumps(renamed(json.loads(held), id_, instead), ensure_ascii=False, sort_keys=True)
    return renamed(held, id_, instead)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []
