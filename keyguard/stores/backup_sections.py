"""What stands inside a backup's encrypted stream: sections, each after a line with its kind and size.

{"kind":"manifest","size":…}     JSON: what it is of, when it was made, where the log ended
{"kind":"items","size":…}        JSON: every secret by its name
{"kind":"database","size":…}     SQLite, as one file
…                                files (`backup_files.py`); format 1 ended with the database
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.stores.backup_format import Reader, damaged
from keyguard.stores.private_file import translated

FORMAT = 2
WITHOUT_FILES = 1
"""The format whose backups held no files; they are read still."""
BLOCK = 1 << 20
_MAX_JSON = 256 << 20
_MAX_LINE_BYTES = 100


@dataclass(frozen=True, slots=True)
class Line:
    """What stands before a section. `name`: of a file, "" for all else."""

    kind: str
    size: int
    name: str = ""


def sections(manifest: Mapping[str, Any], items: Mapping[str, Secret], database: Path) -> Iterator[bytes]:
    """The content of a backup but for its files, piece by piece."""
    manifest = {"format": FORMAT, **manifest}
    plain = {name: secret.reveal() for name, secret in items.items()}
    for kind, value in (("manifest", manifest), ("items", plain)):
        data = json.dumps(value, sort_keys=True).encode()
        yield section_line(kind, len(data)) + data
    yield section_line("database", database.stat().st_size)
    with database.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def section_line(kind: str, size: int, **more: str) -> bytes:
    """The line before a section."""
    return json.dumps({"kind": kind, "size": size, **more}).encode() + b"\n"


def read_line(reader: Reader, limit: int = _MAX_LINE_BYTES) -> Line:
    """The line before the next section, of at most `limit` bytes; StoreError `backup.damaged`."""
    text = b""
    while not text.endswith(b"\n"):
        if len(text) > limit:
            raise damaged("its sections are not in the documented format")
        text += reader.exactly(1)
    try:
        parsed = json.loads(text)
        kind, size, name = parsed["kind"], parsed["size"], parsed.get("name", "")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise damaged("its sections are not in the documented format") from None
    if type(kind) is not str or type(size) is not int or size < 0 or type(name) is not str:
        raise damaged("its sections are not in the documented format")
    return Line(kind, size, name)


def copied(reader: Reader, size: int, path: Path) -> None:
    """Write the next `size` bytes to a new file (0600), flushed."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    with translated(path), os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
        while size:
            block = reader.exactly(min(size, BLOCK))
            stream.write(block)
            size -= len(block)
        stream.flush()
        os.fsync(stream.fileno())


def _section(reader: Reader, kind: str) -> bytes:
    size = _size(reader, kind)
    if size > _MAX_JSON:
        raise damaged(f"its {kind} are too large")
    return reader.exactly(size)


def _size(reader: Reader, kind: str) -> int:
    line = read_line(reader)
    if line.kind != kind:
        raise damaged(f"the section {kind} is missing")
    return line.size


def read_manifest(reader: Reader) -> dict[str, Any]:
    """The first section; StoreError `backup.foreign` for one of a later version."""
    parsed = json.loads(_section(reader, "manifest"))
    if parsed["format"] not in (WITHOUT_FILES, FORMAT):
        raise StoreError(
            f"the backup's content has format {parsed['format']}, this keyguard reads up to {FORMAT}",
            code="backup.foreign",
            hint="use the keyguard version that wrote it",
        )
    return dict(parsed)


def read_items(reader: Reader) -> dict[str, Secret]:
    """The second section."""
    return {name: Secret(value) for name, value in json.loads(_section(reader, "items")).items()}


def copy_database(reader: Reader, path: Path) -> None:
    """Write the third section to a new file (0600), flushed."""
    copied(reader, _size(reader, "database"), path)


def demand_end(reader: Reader) -> None:
    """Raise StoreError `backup.damaged` where something follows the last section."""
    if reader.read(1):
        raise damaged("something follows its last section")
