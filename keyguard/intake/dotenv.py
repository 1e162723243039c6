"""`.env` files: `NAME=value` lines, with export, quotes and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from keyguard.intake import names
from keyguard.intake.candidates import Candidate, Place
from keyguard.intake.credentials import assemble
from keyguard.intake.problems import ambiguous, malformed
from keyguard.intake.reading import Text
from keyguard.intake.references import is_reference

_BLANK = re.compile(r"[ \t\r\f\v]*(?:#[^\n]*)?(?:\n|\Z)")
_NAME = re.compile(r"[ \t]*(export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*")
_DOUBLE = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_SINGLE = re.compile(r"'([^']*+)'")
_BARE = re.compile(r"[^\r\n]*+")
_COMMENT = re.compile(r"(?:^|[ \t])#")
_ESCAPE = re.compile(r'\\([nrt"\\$`])')
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line's variable. `start` and `end` are character offsets of the value between its quotes.

    `quote` is "" for a bare value. `doubtful` says why programs would read the value differently.
    """

    name: str
    value: str = field(repr=False)
    line: int
    start: int
    end: int
    quote: str
    doubtful: str


def assignments(source: Text) -> Iterator[Assignment]:
    """All assignments in order; UsageError naming the line for anything that is none."""
    text, at = source.text, 0
    while at < len(text):
        blank = _BLANK.match(text, at)
        if blank:
            at = blank.end()
            continue
        line = source.line_at(at)
        name = _NAME.match(text, at)
        if not name:
            raise malformed(source.path, line, "is not NAME=value")
        at = name.end()
        if name[1] and _BLANK.match(text, at):
            continue  # `export NAME` without a value sets nothing
        if text[at : at + 1] != "=":
            raise malformed(source.path, line, "is not NAME=value")
        made, at = _value(source, name[2], line, at + 1)
        yield made


def _value(source: Text, name: str, line: int, at: int) -> tuple[Assignment, int]:
    text = source.text
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    quote = text[at : at + 1]
    if quote not in ('"', "'"):
        return _bare(source, name, line, at)
    match = (_DOUBLE if quote == '"' else _SINGLE).match(text, at)
    if not match:
        raise malformed(source.path, line, "has an opening quote and no closing one")
    if not _BLANK.match(text, match.end()):
        raise malformed(source.path, line, "has more text after the closing quote")
    value, doubtful = match[1], ""
    if quote == '"':
        doubtful = "refers to another variable" if "${" in value else ""
        value = _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), value)
    return Assignment(name, value, line, match.start(1), match.end(1), quote, doubtful), match.end()


def _bare(source: Text, name: str, line: int, at: int) -> tuple[Assignment, int]:
    match = _BARE.match(source.text, at)
    whole = match[0] if match else ""
    comment = _COMMENT.search(whole)
    value = (whole[: comment.start()] if comment else whole).rstrip(" \t")
    doubtful = ""
    if "${" in value or "$(" in value or "`" in value:
        doubtful = "refers to another variable or command"
    elif "#" in value and not is_reference(value):
        doubtful = "holds a # that some programs take for a comment"
    return Assignment(name, value, line, at, at + len(value), "", doubtful), at + len(whole)


def read(source: Text) -> tuple[Candidate, ...]:
    """The credentials whose names `names` knows; empty values and references are passed over.

    UsageError for a malformed line, a name that stands twice with two values, a half pair.
    """
    groups: dict[tuple[int, str, str], dict[str, list[Assignment]]] = {}
    labels: dict[tuple[int, str, str], str] = {}
    for one in assignments(source):
        meaning = names.meaning(one.name)
        if not meaning or not one.value or is_reference(one.value):
            continue
        if one.doubtful:
            raise ambiguous(
                source.path, one.line, f"the value {one.doubtful}", hint="put the value in quotes"
            )
        groups.setdefault(meaning.group, {}).setdefault(meaning.field, []).append(one)
        labels[meaning.group] = meaning.label
    return tuple(_candidate(source, group, labels[group], parts) for group, parts in groups.items())


def _candidate(
    source: Text, group: tuple[int, str, str], label: str, parts: dict[str, list[Assignment]]
) -> Candidate:
    family = names.FAMILIES[group[0]]
    places: list[Place] = []
    for part, found in parts.items():
        first = found[0]
        for other in found[1:]:
            if other.value != first.value:
                raise ambiguous(
                    source.path,
                    other.line,
                    f"sets the {family.venue} {part} again, to another value than line {first.line}",
                    hint="keep one of them",
                )
        places.extend(_place(source, part, one) for one in found)
    line = min(place.line for place in places)
    values = {part: found[0].value for part, found in parts.items()}
    credential = assemble(values, f"{source.path}:{line}")
    return Candidate(family.venue, label, "", credential, tuple(places), family.environment)


def _place(source: Text, part: str, one: Assignment) -> Place:
    # A bare value gets quotes: some programs read the # of a reference as a comment.
    return source.place(part, one.start, one.end, quote="" if one.quote else '"')
