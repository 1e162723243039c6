"""Which reader a content needs: a look at its first bytes and its name. Readers are loaded when needed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from keyguard.scanner.content import Content
from keyguard.scanner.decode.budget import Budget

if TYPE_CHECKING:
    from keyguard.scanner.decode.layers import Layers

Reader = Callable[[Content, str, Budget], "Layers"]

_SIGNATURES = {
    b"PK\x03\x04": "archive",
    b"PK\x05\x06": "archive",
    b"\x1f\x8b\x08": "compressed",
    b"BZh": "compressed",
    b"\xfd7zXZ\x00": "compressed",
    b"SQLite format 3\x00": "database",
    b"%PDF-": "pdf",
}
_FIRST = frozenset(signature[:2] for signature in _SIGNATURES)
_NAMES = {
    ".ipynb": "notebook",
    ".har": "har",
    ".csv": "table",
    ".tsv": "table",
    ".tar": "tar",
    ".jar": "archive",
    ".zip": "archive",
    ".whl": "archive",
    ".xlsx": "archive",
}
_WORDS = ("word/document.xml", "word/comments.xml", "content.xml")


def recognise(data: bytes, path: str) -> str:
    """The name of the reader, "" for what is read as it stands."""
    if data[:2] in _FIRST:
        for signature, reader in _SIGNATURES.items():
            if data.startswith(signature):
                return reader
    if data[257:262] == b"ustar":
        return "tar"
    dot = path.rfind(".")
    if dot >= 0:
        found = _NAMES.get(path[dot:].lower(), "")
        # Names lie: an archive whose beginning is none may still be one (self-extracting), a tar has a sum.
        if found == "archive" and b"PK\x01\x02" not in data:
            return ""
        if not found and path.endswith(_WORDS) and "!/" in path:
            return "words"
        return found
    return ""


def reader(name: str) -> Reader:
    """The reader's function, loaded when it is first asked for."""
    return cast("Reader", importlib.import_module(f"keyguard.scanner.decode.{name}").read)
