"""Documents that a firm attaches (`evidence/`, KGA/1 §3): which kinds, and what a statement says of them.

The gate (§13) searches every byte of them, so only kinds come in that it can read to the end: text, and PDF
whose text it finds. A picture it cannot read; one is taken where a person says to have looked at it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from keyguard.core.errors import UsageError
from keyguard.kga.bundle import EVIDENCE
from keyguard.workflows.attest_config import text

LARGEST = 64 * 1024**2
_TEXTS = ("txt", "csv", "json", "md", "eml", "xml", "html")
_PICTURES = {"png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff"}
_UNSEEN = {
    rb"/ObjStm\b": "packs its objects (qpdf --object-streams=disable unpacks them)",
    rb"/Encrypt\b": "is encrypted",
    rb"/Subtype\s*/Image\b": "holds pictures, which cannot be searched",
    rb"/EmbeddedFile": "holds other files",
}
_FONT = re.compile(rb"<<(?:[^<>]|<<[^<>]*>>|<[^<>]*>)*/Subtype\s*/Type0\b(?:[^<>]|<<[^<>]*>>|<[^<>]*>)*>>")


@dataclass(frozen=True, slots=True)
class Document:
    """One file. `title`: how the officer calls it; `looked_at`: a person vouches for what it shows."""

    title: str
    kind: str
    data: bytes = field(repr=False)
    looked_at: bool = False

    @property
    def sha256(self) -> str:
        """Its digest, hex, by which it is named."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def entry(self) -> str:
        """Where it stands in the bundle."""
        return f"{EVIDENCE}{self.sha256}.{self.kind}"


def document(name: str, data: bytes, *, looked_at: bool = False) -> Document:
    """Take one in; UsageError `attest.evidence` for a kind whose content nobody could search."""
    kind = name.rpartition(".")[2].lower()
    if len(data) > LARGEST:
        raise _refused(f"{name} is larger than {LARGEST} bytes")
    if kind in _PICTURES:
        if not data.startswith(_PICTURES[kind]):
            raise _refused(f"{name} is not what its name says")
        if not looked_at:
            raise _refused(f"{name} is a picture, which cannot be searched", "--evidence-looked-at")
    elif kind == "pdf":
        _demand_searchable_pdf(name, data)
    elif kind in _TEXTS:
        _demand_text(name, data)
    else:
        raise _refused(f"{name} is of a kind that cannot be searched", "as PDF or as text")
    return Document(text(name, "title"), kind, data, looked_at)


def told(documents: tuple[Document, ...], entries: Mapping[str, bytes]) -> list[str]:
    """What the statement says of each: name, digest, and whether a record that is shown names it."""
    records = [data for name, data in entries.items() if name.endswith("/records.jsonl")]
    said = []
    for one in documents:
        named = any(one.sha256.encode() in data for data in records)
        how = (
            "기록에 있는 문서, named by a record"
            if named
            else "기록에 없는 문서, attached by the officer, named by no record"
        )
        said.append(f"첨부 · attached: {one.title}, SHA-256 {one.sha256} ({how})")
    return said


def _demand_searchable_pdf(name: str, data: bytes) -> None:
    if not data.startswith(b"%PDF-"):
        raise _refused(f"{name} is not what its name says")
    for mark, why in _UNSEEN.items():
        if re.search(mark, data):
            raise _refused(f"{name} {why}", "as text, or a page as a picture with --evidence-looked-at")
    if any(b"/ToUnicode" not in font for font in _FONT.findall(data)):
        raise _refused(f"{name} has text without a table of its characters", "print it anew, or as text")


def _demand_text(name: str, data: bytes) -> None:
    try:
        decoded = data.decode()
    except UnicodeDecodeError:
        raise _refused(f"{name} is no text in UTF-8") from None
    if "\0" in decoded:
        raise _refused(f"{name} is no text")


def _refused(what: str, hint: str = "") -> UsageError:
    return UsageError(what, code="attest.evidence", still="nothing was issued", hint=hint)
