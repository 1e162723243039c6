"""`keyguard://venue/desk/label#field`: what stands where a secret stood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from keyguard.core.errors import UsageError
from keyguard.intake.candidates import FIELDS

SCHEME = "keyguard://"
_MAX_LENGTH = 512
_FORM = re.compile(
    r"keyguard://(?P<venue>[a-z0-9_-]{1,32})/(?P<desk>[^/#]+)/(?P<label>[^/#]+)#(?P<field>[a-z_]{1,16})"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """One field of a key, by the key's name. No secret: it may stand in any file."""

    venue: str
    desk: str
    label: str
    field: str

    @property
    def key_name(self) -> str:
        """`venue/desk/label`, as the inventory knows it."""
        return f"{self.venue}/{self.desk}/{self.label}"

    def __str__(self) -> str:
        """The one way to write it: what is not a letter, digit or `-._~` is percent-encoded."""
        return f"{SCHEME}{self.venue}/{quote(self.desk, safe='')}/{quote(self.label, safe='')}#{self.field}"


def is_reference(text: str) -> bool:
    """Whether the text means to be a reference, well-formed or not."""
    return text.startswith(SCHEME)


def parse(text: str) -> Reference:
    """Read a reference; UsageError `reference.malformed` for anything but its one way to be written."""
    match = _FORM.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if match and match["field"] in FIELDS:
        made = Reference(match["venue"], unquote(match["desk"]), unquote(match["label"]), match["field"])
        if made.key_name.isprintable() and str(made) == text:
            return made
    raise UsageError(
        "this is no keyguard:// reference",  # not repeated: a secret may stand after the scheme
        code="reference.malformed",
        hint=f"write {SCHEME}venue/desk/label#field, field one of {', '.join(FIELDS)}",
    )


def make(venue: str, desk: str, label: str, field: str) -> Reference:
    """Make a reference that `parse` will read back; UsageError where the names do not allow one."""
    return parse(str(Reference(venue, desk, label, field)))
