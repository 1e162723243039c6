"""The backup file's envelope: a header with the ways to open it, then one encrypted stream. Format 1.

    keyguard-backup 1
    {"file":…,"generation":0,"wraps":[…]}       header, as the vault file's
    chunks                                      64 KiB each, the last one shorter

A random data key, used for this file alone, is wrapped as in the vault file (`vault_keys.py`): under a
passphrase (Argon2id), under the key of a recovery share, or both. Each chunk is AES-256-GCM under HKDF of
it, with SHA-256 of both header lines as associated data and the chunk's number and whether it is the last
as nonce. So nothing can be changed, cut off, exchanged or appended without the reader noticing; and what
was read before a damage shows was still what was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.stores.vault_format import MAX_WRAPS, Header, canonical
from keyguard.stores.vault_format import header as parse_header
from keyguard.stores.vault_keys import Keys, unwrap

FORMAT = 1
CHUNK_BYTES = 64 * 1024
_MAGIC = b"keyguard-backup "
_FIRST = _MAGIC + b"%d\n" % FORMAT
_MAX_HEADER_BYTES = 64 * 1024
_TAG_BYTES = 16
_INFO = f"keyguard backup {FORMAT} payload"


class Writer:
    """Encrypts what is written to it into `file`; `close` ends the stream, without it there is no backup."""

    def __init__(self, file: BinaryIO, keys: Keys, wraps: tuple[dict[str, Any], ...]) -> None:
        assert 0 < len(wraps) <= MAX_WRAPS
        head = _FIRST + canonical({"file": keys.file, "generation": 0, "wraps": list(wraps)}) + b"\n"
        self._file = file
        self._chunks = _Chunks(keys, head)
        self._held = bytearray()
        file.write(head)

    def write(self, data: bytes) -> None:
        """Add to the stream."""
        self._held += data
        while len(self._held) > CHUNK_BYTES:  # never the last one: that one `close` writes
            self._file.write(self._chunks.seal(bytes(self._held[:CHUNK_BYTES]), last=False))
            del self._held[:CHUNK_BYTES]

    def close(self) -> None:
        """Write the last chunk."""
        self._file.write(self._chunks.seal(bytes(self._held), last=True))
        self._held.clear()


class Reader:
    """Decrypts a backup from `file`, chunk by chunk. `key`: a passphrase, the key of a share, or the keys.

    Raises StoreError `backup.foreign` (none, or of another version), `backup.damaged`,
    `store.wrong_passphrase`.
    """

    def __init__(self, file: BinaryIO, key: Secret | Keys) -> None:
        head = _read_head(file)
        parsed = _parsed(head)
        keys = key if isinstance(key, Keys) else unwrap(parsed, key)
        self._chunks = _Chunks(keys, head)
        self._file = file
        self._stream = self._decrypted()
        self._held = bytearray()

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer at the end of the stream."""
        while len(self._held) < size and (chunk := next(self._stream, None)) is not None:
            self._held += chunk
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken

    def exactly(self, size: int) -> bytes:
        """The next `size` bytes; StoreError `backup.damaged` where there are fewer."""
        data = self.read(size)
        if len(data) != size:
            raise damaged("it ends early")
        return data

    def _decrypted(self) -> Iterator[bytes]:
        size = CHUNK_BYTES + _TAG_BYTES
        chunk = self._file.read(size)
        while True:
            following = self._file.read(size)
            yield self._chunks.open(chunk, last=not following)
            if not following:
                return
            chunk = following


class _Chunks:
    """Seals and opens the chunks of one file in turn."""

    def __init__(self, keys: Keys, head: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(keys.derived_for(_INFO))
        self._bound = hashlib.sha256(head).digest()
        self._number = 0

    def seal(self, plain: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last=last), plain, self._bound)

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        from cryptography.exceptions import InvalidTag

        number = self._number
        try:
            return self._cipher.decrypt(self._nonce(last=last), sealed, self._bound)
        except (InvalidTag, ValueError):
            raise damaged(f"it was changed or cut off at {number * CHUNK_BYTES // 1024} KiB") from None

    def _nonce(self, *, last: bool) -> bytes:
        nonce = self._number.to_bytes(11) + bytes([last])
        self._number += 1
        return nonce


def damaged(how: str) -> StoreError:
    """The error for a backup that cannot be read as written."""
    return StoreError(
        f"the backup is damaged: {how}",
        code="backup.damaged",
        still="nothing was changed",
        hint="take another copy of it, or an older backup",
    )


def _read_head(file: BinaryIO) -> bytes:
    first = file.readline(len(_FIRST) + 16)
    if first != _FIRST:
        version = first.removeprefix(_MAGIC).strip()
        if first.startswith(_MAGIC) and version.isdigit():
            what = f"the backup has format {version.decode()}, this keyguard reads format {FORMAT}"
        else:
            what = "the file is not a keyguard backup"
        raise StoreError(what, code="backup.foreign", still="nothing was changed", hint="name the right file")
    return first + file.readline(_MAX_HEADER_BYTES)


def _parsed(head: bytes) -> Header:
    line = head[len(_FIRST) :]
    try:
        parsed = json.loads(line)
        if line != canonical(parsed) + b"\n":
            raise ValueError
        return parse_header(parsed)
    except (ValueError, LookupError, TypeError, RecursionError):
        raise damaged("its header is not in the documented format") from None
