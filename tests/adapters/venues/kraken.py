"""What the tests know of Kraken; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from keyguard.core.exchange import KeyReport, KeySpec, Wire
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters.kraken import FACTS, signature
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("kraken").example.key
SPEC = KeySpec(
    label="mm_1",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN,
    grants=("close-trades", "modify-trades", "query-funds", "query-open-trades"),
    ips=("203.0.113.10", "198.51.100.0/24"),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("kraken", "whoami", call("whoami", KEY), ("info",)),
    Scenario("kraken", "cancel_all", call("cancel_all"), ("cancelled",)),
)
UNKNOWN = (("whoami", '"query-funds"', '"query-funds", "teleport-funds"'),)
TRADER = ["query-funds", "query-open-trades", "modify-trades", "close-trades"]
MANAGER = None


def agrees(wire: Wire, vector: dict[str, Any]) -> None:
    """Byte for byte with ccxt; of clients that put the nonce last, fields and *their* body's signature."""
    expected, nonce = vector["expected"], vector["nonce"]
    headers = {name: "".join(value) for name, value in expected["headers"].items()}
    assert (wire.method, FACTS.base + wire.target) == (expected["method"], expected["url"])
    assert wire.headers["API-Key"] == headers["API-Key"]
    if "ccxt" in vector["source"]:
        assert wire.body.decode() == expected["body"]
        assert wire.headers["API-Sign"] == headers["API-Sign"]
        assert wire.headers["Content-Type"] == headers["Content-Type"]
        return
    assert dict(parse_qsl(wire.body.decode())) == dict(parse_qsl(expected["body"]))
    secret = Secret("".join(vector["credentials"]["secret"]))
    path = vector["request"]["path"]
    assert signature(path, nonce, expected["body"], secret) == headers["API-Sign"]
    assert signature(path, nonce, wire.body.decode(), secret) == wire.headers["API-Sign"]


def form(wire: Wire) -> dict[str, Any]:
    """What a body says, in either form."""
    if wire.headers["Content-Type"] == "application/json":
        told: dict[str, Any] = json.loads(wire.body)
        return told
    return dict(parse_qsl(wire.body.decode()))
