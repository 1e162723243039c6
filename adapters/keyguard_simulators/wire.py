"""One call as it arrived and one answer as it will leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


def whole(text: str) -> int | None:
    """The number that 1 to 18 digits write; None for anything else."""
    return int(text) if len(text) <= 18 and text.isascii() and text.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `target` is path and query exactly as sent, `query` its part after "?".

    Header names are lower case. `ip` is the address the venue believes the caller has, `now_ms` the
    venue's time on arrival. The repr shows neither headers nor body nor query: they may hold a secret.
    """

    method: str
    path: str
    target: str = field(repr=False)
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    ip: str
    now_ms: int

    @property
    def params(self) -> dict[str, str]:
        """Query parameters, decoded; of a repeated one the last."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(slots=True)
class Answer:
    """What the venue says. `key` and `code` are for the log of requests: who asked, the error if any."""

    body: Any = field(repr=False)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    key: str = ""
    code: str = ""
