"""What stands inside a backup's encrypted stream: three sections, each after a line with its kind and size.

{"kind":"manifest","size":…}     JSON: what it is of, when it was made, where the log ended
{"kind":"items","size":…}        JSON: every secret by its name
{"kind":"database","size":…}     SQLite, as one file
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.stores.backup_format import Reader, damaged
from keyguard.stores.private_file import translated

FORMAT = 1
_BLOCK = 1 << 20
_MAX_JSON = 256 << 20


def sections(manifest: Mapping[str, Any], items: Mapping[str, Secret], database: Path) -> Iterator[bytes]:
    """The content of a backup, piece by piece."""
    manifest = {"format": FORMAT, **manifest}
    plain = {name: secret.reveal() for name, secret in items.items()}
    for kind, value in (("manifest", manifest), ("items", plain)):
        data = json.dumps(value, sort_keys=True).encode()
        yield _section_line(kind, len(data)) + data
    yield _section_line("database", database.stat().st_size)
    with database.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block


def _section_line(kind: str, size: int) -> bytes:
    return json.dumps({"kind": kind, "size": size}).encode() + b"\n"


def _section(reader: Reader, kind: str) -> bytes:
    size = _size(reader, kind)
    if size > _MAX_JSON:
        raise damaged(f"its {kind} are too large")
    return reader.exactly(size)


def _size(reader: Reader, kind: str) -> int:
    line = b""
    while not line.endswith(b"\n"):
        if len(line) > 100:
            raise damaged("its sections are not in the documented format")
        line += reader.exactly(1)
    try:
        parsed = json.loads(line)
        if parsed["kind"] == kind and type(parsed["size"]) is int and parsed["size"] >= 0:
            return int(parsed["size"])
    except (ValueError, LookupError, TypeError):
        pass
    raise damaged(f"the section {kind} is missing")


def read_manifest(reader: Reader) -> dict[str, Any]:
    """The first section; StoreError `backup.foreign` for one of a later version."""
    parsed = json.loads(_section(reader, "manifest"))
    if parsed["format"] != FORMAT:
        raise StoreError(
            f"the backup's content has format {parsed['format']}, this keyguard reads format {FORMAT}",
            code="backup.foreign",
            hint="use the keyguard version that wrote it",
        )
    return dict(parsed)


def read_items(reader: Reader) -> dict[str, Secret]:
    """The second section."""
    return {name: Secret(value) for name, value in json.loads(_section(reader, "items")).items()}


def copy_database(reader: Reader, path: Path) -> None:
    """Write the third section, the last one, to a new file (0600), flushed."""
    left = _size(reader, "database")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    with translated(path), os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
        while left:
            block = reader.exactly(min(left, _BLOCK))
            stream.write(block)
            left -= len(block)
        stream.flush()
        os.fsync(stream.fileno())
    if reader.read(1):
        raise damaged("something follows its last section")
