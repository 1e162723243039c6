"""Text of any size as items of an OS keyring, whose values may be limited (Windows: 1,280 characters).

An item's value starts with what it is; the text stands in it percent-encoded:

    kg1:TEXT                   all of the text
    kg1-parts:COUNT:SHA256     the text stands in COUNT items named after this one: name#1, name#2, …
                               each `kg1:PIECE`; SHA256 (hex) is over all pieces together

Encoded, because GNOME Keyring writes a keyring without a password as plain lines without escaping: a PEM
key as it is would make the whole keyring unreadable, everybody else's items included. What API secrets
are made of stays as it is.

Parts are written first and in order, the head last: without a head there is no item, so a write that
breaks off leaves nothing that could be read. Removal goes the other way round. What a crash leaves are
parts without a head, always numbered from 1 without gaps; the next write or removal of the name takes
care of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from urllib.parse import quote, unquote

from keyguard.core.errors import StoreError
from keyguard.stores import secret_service
from keyguard.stores.os_backends import ItemApi, OsBackend

SERVICE = "keyguard"
_WHOLE = "kg1:"
_PARTS = "kg1-parts:"
_MAX_PARTS = 1024
_PLAIN = '+/=-_.~:{}[],"'  # besides letters and digits


@dataclass(frozen=True, slots=True)
class SplitItems:
    """Items of one backend by user name. Every method raises StoreError."""

    backend: OsBackend
    api: ItemApi

    def read(self, username: str) -> str | None:
        """Return the text, None if there is no such item, StoreError `store.damaged` for half of one."""
        head = self._get(username)
        if head is None:
            return None
        if head.startswith(_WHOLE):
            return _decoded(head.removeprefix(_WHOLE), username)
        parts, digest = _parsed(head, username)
        encoded = "".join(self._part(username, number) for number in range(1, parts + 1))
        if _digest(encoded) != digest:
            raise _damaged(username)
        return _decoded(encoded, username)

    def exists(self, username: str) -> bool:
        """Whether the item was written to its end."""
        return self._get(username) is not None

    def write(self, username: str, text: str) -> None:
        """Write under a name that is free."""
        encoded, limit = quote(text, safe=_PLAIN), self.backend.limit
        if limit is None or len(_WHOLE + encoded) <= limit:
            self._set(username, _WHOLE + encoded)
            return
        size = limit - len(_WHOLE)
        pieces = [encoded[start : start + size] for start in range(0, len(encoded), size)]
        for number, piece in enumerate(pieces, start=1):
            self._set(_part_name(username, number), _WHOLE + piece)
        self._set(username, f"{_PARTS}{len(pieces)}:{_digest(encoded)}")

    def remove(self, username: str) -> None:
        """Remove the item, and parts of one that was never finished; a name that is not there is fine."""
        if self.exists(username):
            self._delete(username)
        if self.backend.limit is None:
            return
        parts = next(n for n in count() if self._get(_part_name(username, n + 1)) is None)
        for number in range(parts, 0, -1):
            self._delete(_part_name(username, number))

    def _part(self, username: str, number: int) -> str:
        part = self._get(_part_name(username, number))
        if part is None or not part.startswith(_WHOLE):
            raise _damaged(username)
        return part.removeprefix(_WHOLE)

    def _get(self, username: str) -> str | None:
        with translated(self.backend):
            return self.api.get_password(self._service(username), username)

    def _set(self, username: str, value: str) -> None:
        with translated(self.backend):
            self.api.set_password(self._service(username), username, value)

    def _delete(self, username: str) -> None:
        with translated(self.backend):
            self.api.delete_password(self._service(username), username)

    def _service(self, username: str) -> str:
        return f"{SERVICE}:{username}" if self.backend.one_a_service else SERVICE


@contextmanager
def translated(backend: OsBackend) -> Iterator[None]:
    """Turn a keyring's errors into StoreError; their texts stay out, they could hold a value."""
    from keyring.errors import InitError, KeyringError, KeyringLocked, NoKeyringError

    try:
        yield
    except KeyringLocked:
        raise secret_service.locked("it refused access") from None
    except (NoKeyringError, InitError):
        raise secret_service.missing("the OS keyring cannot be opened") from None
    except TimeoutError:
        raise StoreError(
            "the OS keyring does not answer",
            code="store.no_answer",
            still="the item may or may not have been written; repeating is safe",
            hint="restart the keyring service (log out and in), then try again",
        ) from None
    except _known(KeyringError, OSError, *backend.failures()) as error:
        raise StoreError(
            f"the OS keyring failed ({type(error).__name__})",
            code="store.failed",
            still="the item may or may not have been written; repeating is safe",
            hint="look at the keyring service's own log, then try again",
        ) from None


def _known(*failures: type[Exception]) -> tuple[type[Exception], ...]:
    return failures


def _parsed(head: str, username: str) -> tuple[int, str]:
    kind, _, rest = head.partition(":")
    number, _, digest = rest.partition(":")
    if f"{kind}:" != _PARTS or not (number.isascii() and number.isdecimal() and int(number) <= _MAX_PARTS):
        raise _damaged(username)
    return int(number), digest


def _decoded(encoded: str, username: str) -> str:
    try:
        return unquote(encoded, errors="strict")
    except UnicodeDecodeError:
        raise _damaged(username) from None  # the original error holds the value


def _part_name(username: str, number: int) -> str:
    return f"{username}#{number}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _damaged(username: str) -> StoreError:
    return StoreError(
        f"the keyring item {username!a} is damaged or was written by something else",
        code="store.damaged",
        still="the item was not touched",
        hint="restore it from the keyring's backup, or rotate the key",
    )
