"""The messages: JSON-RPC 2.0, each one line of UTF-8 that ends with a line feed.

Errors of keyguard travel whole: class by exit status, code, still and hint, so that a client raises what the
daemon met. The numbers -32700 to -32600 are JSON-RPC's own; all of keyguard's have -32000.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from keyguard.core.errors import (
    DaemonError,
    ExchangeError,
    IntegrityError,
    KeyguardError,
    OutcomeUnknown,
    StoreError,
    UsageError,
)

PROTOCOL = 1
"""Raised by what a client or daemon of another version would misunderstand."""

LONGEST_REQUEST = 64 * 1024
LONGEST_REPLY = 16 * 1024 * 1024
"""Bytes with the line feed: a list of ten thousand keys fits."""

PARSE_ERROR, INVALID_REQUEST, UNKNOWN_METHOD, INVALID_PARAMS, INTERNAL, KEYGUARD = (
    *(-32700, -32600, -32601, -32602, -32603),
    -32000,
)

_BY_STATUS: dict[int, type[KeyguardError]] = {
    kind.exit_status: kind
    for kind in (UsageError, StoreError, ExchangeError, OutcomeUnknown, IntegrityError, DaemonError)
}


@dataclass(frozen=True, slots=True)
class Request:
    """A call (`id` is answered) or, without id, a notification, which the daemon does not take."""

    id: int | str
    method: str
    params: dict[str, Any]


class Malformed(ValueError):
    """Not a request: `number` is JSON-RPC's error, `id` that of the request where it could be read."""

    def __init__(self, number: int, message: str, id_: int | str | None = None) -> None:
        super().__init__(message)
        self.number = number
        self.message = message
        self.id = id_


def read_request(line: bytes) -> Request:
    """Parse one line; Malformed for anything that is not one call with named parameters."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise Malformed(PARSE_ERROR, "not JSON") from None
    if not isinstance(value, dict):
        raise Malformed(INVALID_REQUEST, "not one request: batches are not taken, send one a line")
    id_ = value.get("id")
    if isinstance(id_, bool) or not isinstance(id_, int | str):
        raise Malformed(INVALID_REQUEST, "a request has an id, a number or a text")
    method, params = value.get("method"), value.get("params", {})
    if value.get("jsonrpc") != "2.0" or not isinstance(method, str):
        raise Malformed(INVALID_REQUEST, "not a JSON-RPC 2.0 request", id_)
    if not isinstance(params, dict):
        raise Malformed(INVALID_PARAMS, "parameters have names", id_)
    return Request(id_, method, params)


def request(id_: int, method: str, params: dict[str, Any]) -> bytes:
    """The line of a call."""
    return _line({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})


def result(id_: int | str, value: Any) -> bytes:
    """The line that answers a call."""
    return _line({"jsonrpc": "2.0", "id": id_, "result": value})


def notice(method: str, params: dict[str, Any]) -> bytes:
    """The line of a notification."""
    return _line({"jsonrpc": "2.0", "method": method, "params": params})


def fault(id_: int | str | None, number: int, message: str) -> bytes:
    """The line that refuses what is not a proper request."""
    return _line({"jsonrpc": "2.0", "id": id_, "error": {"code": number, "message": message}})


def error(id_: int | str | None, what: KeyguardError) -> bytes:
    """The line that answers a call with an error of keyguard."""
    data = {"status": what.exit_status, "code": what.code, "still": what.still, "hint": what.hint}
    body = {"code": KEYGUARD, "message": what.message, "data": data}
    return _line({"jsonrpc": "2.0", "id": id_, "error": body})


def read_error(body: Any) -> KeyguardError:
    """The error that an `error` member stands for; DaemonError for one that keyguard did not make."""
    data = body.get("data") if isinstance(body, dict) else None
    message = str(body.get("message", "")) if isinstance(body, dict) else ""
    if not isinstance(data, dict):
        return DaemonError(
            f"the daemon refused the request: {message or 'no reason given'}",
            code="daemon.refused",
            hint="is it of this version? keyguard daemon status",
        )
    kind = _BY_STATUS.get(data.get("status", 0), KeyguardError)
    code, still, hint = (str(data.get(name, "")) for name in ("code", "still", "hint"))
    return kind(message, code=code, still=still, hint=hint)


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
