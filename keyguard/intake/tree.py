"""JSON and YAML alike: a tree of texts that remember where they stand."""

from __future__ import annotations

from dataclasses import dataclass, field

from keyguard.core.errors import UsageError
from keyguard.intake.candidates import Place
from keyguard.intake.problems import ambiguous, malformed
from keyguard.intake.reading import Text

MAX_DEPTH = 64
MAX_NODES = 500_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written, unescaped. `start`/`end`: character offsets of what a reference would replace.

    `quote` goes around the reference. `is_text` is false for numbers, true, null and the like; `fixed`
    says why it cannot be replaced.
    """

    value: str = field(repr=False)
    line: int
    start: int
    end: int
    quote: str = ""
    is_text: bool = True
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list; `line` is where it begins."""

    items: list[Tree]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping; `line` is where it begins. Each name stands once."""

    entries: dict[str, Tree]
    line: int

    def text(self, *names: str) -> str:
        """The text under the first of the names that is there; "" where there is none."""
        found = self.scalar(*names)
        return found.value if found and found.is_text else ""

    def scalar(self, *names: str) -> Scalar | None:
        """The scalar under the first of the names that is there."""
        found = next((self.entries[name] for name in names if name in self.entries), None)
        return found if isinstance(found, Scalar) else None


Tree = Scalar | Sequence | Mapping


def add(source: Text, mapping: Mapping, name: str, value: Tree, line: int) -> None:
    """Put a member into a mapping; UsageError if its name stands there already."""
    if name in mapping.entries:
        raise ambiguous(source.path, line, "names the same member of a mapping a second time")
    mapping.entries[name] = value


def too_large(source: Text, line: int) -> UsageError:
    """Return the error for a tree beyond `MAX_DEPTH` or `MAX_NODES`."""
    return malformed(source.path, line, "is nested too deep or has too many parts")


def fields(
    source: Text, mapping: Mapping, known: tuple[tuple[str, tuple[str, ...]], ...]
) -> tuple[dict[str, str], tuple[Place, ...]]:
    """The values and places of a credential's parts: `known` is ((field, member names), …).

    UsageError where one part stands under two names with two values, or is no text.
    """
    values: dict[str, str] = {}
    places: list[Place] = []
    for part, members in known:
        for member in members:
            found = mapping.scalar(member)
            if found is None or not found.value or (not found.is_text and found.value == "null"):
                continue
            if not found.is_text:
                raise malformed(source.path, found.line, f"the {part} is not a text", hint="put it in quotes")
            if values.setdefault(part, found.value) != found.value:
                raise ambiguous(source.path, found.line, f"gives a second, different {part}")
            places.append(source.place(part, found.start, found.end, quote=found.quote, fixed=found.fixed))
    return values, tuple(places)
