"""ccxt-style settings, JSON or YAML: exchange -> {apiKey, secret, password}, or a list of such."""

from __future__ import annotations

from collections.abc import Iterator

from keyguard.intake import tree
from keyguard.intake.candidates import Candidate
from keyguard.intake.credentials import assemble
from keyguard.intake.problems import malformed
from keyguard.intake.reading import Text
from keyguard.intake.references import is_reference
from keyguard.intake.tree import Mapping, Sequence, Tree
from keyguard.intake.venues import venue_id

_MEMBERS = (
    ("key", ("apiKey", "api_key")),
    ("secret", ("secret", "apiSecret", "api_secret")),
    ("passphrase", ("password", "passphrase")),
)
_TELLING = frozenset({"apiKey", "api_key"})
_NAMES = ("exchange", "id", "venue", "name")


def matches(root: Tree | None) -> bool:
    """Whether some part of the file looks like an exchange's settings."""
    return any(_TELLING & section.entries.keys() for _, section in _sections(root))


def read(source: Text, root: Tree | None) -> tuple[Candidate, ...]:
    """The credentials of all exchanges; sections without one are passed over."""
    found = []
    for name, section in _sections(root):
        values, places = tree.fields(source, section, _MEMBERS)
        if not _TELLING & section.entries.keys() or not values or any(map(is_reference, values.values())):
            continue
        venue = venue_id(name)
        if not venue:
            hint = f"add one of {', '.join(_NAMES)}"
            raise malformed(
                source.path, section.line, "a credential without the name of its exchange", hint=hint
            )
        credential = assemble(values, f"{source.path}:{section.line}")
        found.append(Candidate(venue, section.text("label"), section.text("desk"), credential, places))
    return tuple(found)


def _sections(root: Tree | None) -> Iterator[tuple[str, Mapping]]:
    if isinstance(root, Mapping):
        if _TELLING & root.entries.keys():
            yield root.text(*_NAMES), root
        for name, part in root.entries.items():
            if isinstance(part, Mapping):
                yield name, part
    elif isinstance(root, Sequence):
        for part in root.items:
            if isinstance(part, Mapping):
                yield part.text(*_NAMES), part
