"""One record of the audit log (KGA/1 §5.2): its members, its canonical bytes, its private commitment.

What was written once must be readable for ever: this file changes only by addition.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyguard.core import canonical

VERSION = 1
SALT_SIZE = 16
OPENING_SIZE = 32
"""Bytes of `s`, the random part of a private commitment."""

_REQUIRED = {"body", "n", "salt", "stream", "t", "type", "v"}
_STREAM = re.compile(r"[a-z0-9-]{1,32}")
_TYPE = re.compile(r"[a-z0-9_.]{1,64}")
_TIME = re.compile(r"[0-9TZ:.-]{27}")
_SALT = re.compile(r"[0-9a-f]{32}")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Record:
    """`n` counts from 0 within `stream`; `t` is UTC; `salt` and `priv` are hex.

    `priv` commits to data the venue does not get; None where there is none.
    """

    stream: str
    n: int
    t: datetime
    type: str
    body: Mapping[str, Any]
    salt: str
    priv: str | None = None

    def __str__(self) -> str:
        return f"{self.stream} #{self.n}, {self.type}, {canonical.format_instant(self.t)}"


def encode(record: Record) -> bytes:
    """The canonical bytes that are stored and hashed."""
    members: dict[str, Any] = {
        "body": dict(record.body),
        "n": record.n,
        "salt": record.salt,
        "stream": record.stream,
        "t": canonical.format_instant(record.t),
        "type": record.type,
        "v": VERSION,
    }
    if record.priv is not None:
        members["priv"] = record.priv
    return canonical.encode(members)


def parse(data: bytes) -> Record:
    """Read stored bytes; ValueError unless they are exactly a record. Unknown types and members of a body
    pass: a later keyguard may have written them."""
    value = canonical.decode(data)
    if not isinstance(value, dict) or value.keys() - {"priv"} != _REQUIRED:
        raise ValueError("the members are not those of a record")
    if type(value["v"]) is not int or value["v"] != VERSION:
        raise ValueError("unknown record version")
    if type(value["n"]) is not int or value["n"] < 0:
        raise ValueError("n is not a count")
    if not isinstance(value["body"], dict):
        raise ValueError("the body is not an object")
    priv = _match(value, "priv", _HASH) if "priv" in value else None
    return Record(
        stream=_match(value, "stream", _STREAM),
        n=value["n"],
        t=canonical.parse_instant(_match(value, "t", _TIME)),
        type=_match(value, "type", _TYPE),
        body=value["body"],
        salt=_match(value, "salt", _SALT),
        priv=priv,
    )


def private_bytes(private: Mapping[str, Any]) -> bytes:
    """Canonical bytes of a private object; ValueError where it is outside the profile."""
    value = dict(private)
    canonical.check(value, canonical.private_text)
    return canonical.encode(value)


def commitment(opening: bytes, private: bytes) -> str:
    """`priv` of a record: binds it to the private bytes without telling anything of them."""
    return hashlib.sha256(b"keyguard/priv/v1\n" + opening + private).hexdigest()


def _match(value: dict[str, Any], member: str, pattern: re.Pattern[str]) -> str:
    text = value[member]
    if not isinstance(text, str) or not pattern.fullmatch(text):
        raise ValueError(f"{member} has the wrong form")
    return text
