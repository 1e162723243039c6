"""The audit log as the Log screen shows it: bytes as they are kept, read apart when a line is seen."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keyguard.core.canonical import parse_instant
from keyguard.ports.all import Ports
from keyguard.ports.audit import Entry

MOST = 50_000
"""Of a longer log the newest so many are shown; the command line shows all."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record, read apart."""

    number: int
    at: datetime
    stream: str
    type: str
    body: dict[str, Any]


def tail(ports: Ports) -> Sequence[Entry]:
    """The newest records, oldest first."""
    return tuple(deque(ports.audit.entries(), maxlen=MOST))


def record(entry: Entry) -> Record:
    """Read one apart."""
    told = json.loads(entry.record)
    return Record(entry.number, parse_instant(told["t"]), told["stream"], told["type"], told["body"])


def line(body: dict[str, Any]) -> str:
    """A body in a line."""
    return ", ".join(f"{name}={_value(value)}" for name, value in body.items())


def lines(body: dict[str, Any]) -> list[str]:
    """A body with a line for each of its values."""
    return [f"{name}: {_value(value)}" for name, value in body.items()]


def holds(entry: Entry, words: Sequence[bytes]) -> bool:
    """Whether every word, in small letters, stands somewhere in the record."""
    data = entry.record.lower()
    return all(word in data for word in words)


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
