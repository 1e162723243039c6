"""Deribit's JSON-RPC over HTTP: GET with a query, or POST with a body."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from keyguard_simulators.wire import Answer, Call, whole

PREFIX = "/api/v2/"


class RpcError(Exception):
    """A call that is not served. Programs branch on `code`; the HTTP status says little."""

    def __init__(self, code: int, message: str, status: int = 400, **data: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data = data


@dataclass(frozen=True, slots=True)
class Rpc:
    """One JSON-RPC request: `method` such as "private/list_api_keys"."""

    method: str
    params: dict[str, Any] = field(default_factory=dict, repr=False)
    id: Any = None

    def text(self, name: str) -> str:
        """A required text parameter; raises RpcError."""
        value = self.params.get(name)
        if not isinstance(value, str) or not value:
            raise invalid(name, "value required")
        return value

    def number(self, name: str) -> int:
        """A required integer, written as text in a query; raises RpcError."""
        value = self.params.get(name)
        if isinstance(value, str):
            value = whole(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid(name, "must be an integer")
        return value

    def real(self, name: str) -> float:
        """A required number; raises RpcError."""
        try:
            return float(self.params[name])
        except (KeyError, TypeError, ValueError):
            raise invalid(name, "must be a number") from None

    def flag(self, name: str) -> bool | None:
        """A boolean, None when absent; raises RpcError."""
        value = self.params.get(name)
        if value in ("true", "false"):
            return bool(value == "true")
        if value is None or isinstance(value, bool):
            return value
        raise invalid(name, "must be a boolean")

    def texts(self, name: str) -> tuple[str, ...] | None:
        """An array of texts (as JSON, or repeated, in a query), None when absent; raises RpcError."""
        value = self.params.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = [value]
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise invalid(name, "must be an array of strings")
        return tuple(value)


def read(call: Call) -> Rpc:
    """Take a request apart; raises RpcError when it is none."""
    path_method = call.path.removeprefix(PREFIX) if call.path.startswith(PREFIX) else ""
    if call.method == "GET":
        query = parse_qs(call.query, keep_blank_values=True)
        params = {name: values[0] if len(values) == 1 else values for name, values in query.items()}
        return Rpc(path_method, params)
    try:
        sent = json.loads(call.body)
    except ValueError:
        raise RpcError(-32700, "Parse error") from None
    if not isinstance(sent, dict) or not isinstance(sent.get("params", {}), dict):
        raise RpcError(-32600, "Invalid Request")
    return Rpc(path_method or str(sent.get("method", "")), sent.get("params", {}), sent.get("id"))


def invalid(param: str, reason: str) -> RpcError:
    """A parameter is missing or of the wrong form."""
    return RpcError(-32602, "Invalid params", param=param, reason=reason)


def result(call: Call, rpc: Rpc, value: Any, key: str) -> Answer:
    """The envelope of a served call."""
    return Answer(_envelope(call, rpc.id) | {"result": value}, key=key)


def error(call: Call, rpc_id: Any, err: RpcError, key: str) -> Answer:
    """The envelope of a refusal."""
    body: dict[str, Any] = {"code": err.code, "message": err.message}
    if err.data:
        body["data"] = err.data
    return Answer(_envelope(call, rpc_id) | {"error": body}, err.status, key=key, code=str(err.code))


def _envelope(call: Call, rpc_id: Any) -> dict[str, Any]:
    micros = call.now_ms * 1000
    envelope = {"jsonrpc": "2.0", "usIn": micros, "usOut": micros + 250, "usDiff": 250, "testnet": False}
    return envelope if rpc_id is None else envelope | {"id": rpc_id}
