"""The vault file's text: parsing, writing and checksums, without keys. Format 1, see docs/vault-file.md.

    keyguard-vault 1
    {"file":…,"generation":…,"wraps":[…]}       header
    {"box":…,"name":…,"nonce":…}                one line an item, sorted by name
    {"seal":…,"sha256":…}                       over every byte before this line

All lines are canonical JSON (sorted keys, no spaces, ASCII), so equal contents are equal bytes. Binary
values are base64; `seal` and `sha256` are hex.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keyguard.core.errors import StoreError

FORMAT = 1
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_WRAPS = 16
FILE_ID_BYTES = 16
_MAGIC = "keyguard-vault "
_FIRST_LINE = f"{_MAGIC}{FORMAT}\n".encode()


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the items. `file` never changes; `generation` counts the writes.

    `wraps` are kept as parsed: a kind this version does not know stays in the file untouched.
    """

    file: str
    generation: int
    wraps: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Box:
    """One encrypted item."""

    nonce: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Vault:
    """A parsed file, its checksum right. Not to be trusted before `seal` over `body` is checked too."""

    header: Header
    boxes: Mapping[str, Box]
    body: bytes
    seal: bytes


def serialise_body(header: Header, boxes: Mapping[str, Box]) -> bytes:
    """Return everything before the last line."""
    lines = [
        canonical({"file": header.file, "generation": header.generation, "wraps": list(header.wraps)}),
        *(
            canonical({"name": name, "nonce": text(box.nonce), "box": text(box.sealed)})
            for name, box in sorted(boxes.items())
        ),
    ]
    return _FIRST_LINE + b"".join(line + b"\n" for line in lines)


def serialise(body: bytes, seal: bytes) -> bytes:
    """Return the whole file."""
    last = canonical({"sha256": hashlib.sha256(body).hexdigest(), "seal": seal.hex()})
    return body + last + b"\n"


def parse(content: bytes) -> Vault:
    """Read a file. Raises StoreError `store.foreign` (no vault, or of another version), `store.damaged`."""
    _check_version(content)
    body, last = _split(content)
    try:
        end = json.loads(last)
        if end["sha256"] != hashlib.sha256(body).hexdigest():
            raise damaged("its checksum does not match")
        head, *items = (json.loads(line) for line in body[len(_FIRST_LINE) :].splitlines())
        boxes = {str(item["name"]): Box(binary(item["nonce"]), binary(item["box"])) for item in items}
        vault = Vault(header(head), boxes, body, bytes.fromhex(end["seal"]))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # Not chained: a JSON error holds the text it could not read.
        raise damaged("it is not in the documented format") from None
    if len(boxes) != len(items):
        raise damaged("an item stands in it twice")
    return vault


def _check_version(content: bytes) -> None:
    first = content.partition(b"\n")[0][:40].decode("ascii", "replace")
    if content.startswith(_FIRST_LINE):
        return
    if first.startswith(_MAGIC) and first.removeprefix(_MAGIC).isdecimal():
        raise StoreError(
            f"the vault file has format {first.removeprefix(_MAGIC)}, this keyguard reads format {FORMAT}",
            code="store.foreign",
            still="the file was not touched",
            hint="use the keyguard version that wrote it",
        )
    if _FIRST_LINE.startswith(content):
        raise damaged("it ends in its first line")
    raise StoreError(
        "the file is not a keyguard vault",
        code="store.foreign",
        still="the file was not touched",
        hint="name the right file, or restore it from a backup",
    )


def _split(content: bytes) -> tuple[bytes, bytes]:
    if not content.endswith(b"\n"):
        raise damaged("it is cut off")
    start = content.rfind(b"\n", 0, -1) + 1
    if start <= len(_FIRST_LINE):
        raise damaged("it is cut off")
    return content[:start], content[start:]


def header(parsed: Any) -> Header:
    """Read a header's members; ValueError, TypeError or LookupError where they are not a header's."""
    file, generation, wraps = parsed["file"], parsed["generation"], parsed["wraps"]
    if not (isinstance(file, str) and isinstance(generation, int) and isinstance(wraps, list)):
        raise TypeError
    if len(bytes.fromhex(file)) != FILE_ID_BYTES:
        raise ValueError
    if not 0 < len(wraps) <= MAX_WRAPS or not all(isinstance(wrap, dict) for wrap in wraps):
        raise ValueError
    return Header(file, generation, tuple(wraps))


def damaged(how: str) -> StoreError:
    """The error for a vault file that cannot be read as written."""
    return StoreError(
        f"the vault file is damaged: {how}",
        code="store.damaged",
        still="the file was not touched",
        hint="restore the vault file from a backup; the keys also still exist at their venues",
    )


def canonical(value: object) -> bytes:
    """Return JSON with sorted keys, no spaces and ASCII only: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def text(value: bytes) -> str:
    """Return base64."""
    return base64.b64encode(value).decode()


def binary(value: str) -> bytes:
    """Read base64; ValueError if it is not strictly that."""
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
