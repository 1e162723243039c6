"""Any other text: the scanner finds the credentials, complete pairs are taken."""

from __future__ import annotations

from keyguard.intake.candidates import Candidate, Place, Scan
from keyguard.intake.credentials import assemble
from keyguard.intake.reading import Text
from keyguard.scanner.findings import Finding, Part

_SHELL = frozenset({".sh", ".bash", ".zsh", ".ksh"})
_QUOTES = ('"', "'", "`")


def read(source: Text, scan: Scan) -> tuple[Candidate, ...]:
    """The complete credentials the scanner sees in the file."""
    return tuple(taken(source, found) for found in scan(source.data, source.path.name) if complete(found))


def complete(found: Finding) -> bool:
    """Whether the finding signs for a venue: a key with its secret or private key."""
    secrets = [found.part("secret"), found.part("private_key")]
    return bool(found.venue) and found.part("key") is not None and any(secrets)


def taken(source: Text, found: Finding) -> Candidate:
    """The candidate for a complete finding in this text."""
    values: dict[str, str] = {}
    for part in found.parts:
        values.setdefault(part.field, part.value.reveal())
    if "private_key" in values:
        values.pop("secret", None)  # a PEM that two rules saw
    kept = [part for part in found.parts if values.get(part.field) == part.value.reveal()]
    line = min(part.place.line for part in kept)
    credential = assemble(values, f"{source.path}:{line}")
    return Candidate(found.venue, "", "", credential, tuple(_place(source, part) for part in kept))


def _place(source: Text, part: Part) -> Place:
    at = part.place
    written = part.value.reveal().encode(source.encoding)
    if source.data[at.start : at.end] != written:
        fixed, quote = "it stands there encoded or split", ""
    else:
        fixed, quote = _surroundings(source, at.start, at.end)
    return source.place_of_bytes(part.field, at.line, at.start, at.end, quote=quote, fixed=fixed)


def _surroundings(source: Text, start: int, end: int) -> tuple[str, str]:
    """Why nothing may be put between these bytes, and the quote that must go around it."""
    width = 2 if source.encoding.startswith("utf-16") else 1
    before = source.data[max(start - width, 0) : start].decode(source.encoding, "replace")
    after = source.data[end : end + width].decode(source.encoding, "replace")
    if before == after and before in _QUOTES:
        return "", ""
    if source.path.suffix in _SHELL and before == "=" and after in ("", "\n", "\r", " ", ";"):
        return "", '"'
    return "it does not stand in quotes of its own", ""
