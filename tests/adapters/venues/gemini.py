"""What the tests know of Gemini; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

import base64
import json
from typing import Any

from keyguard.core.exchange import KeyReport, KeySpec, Wire
from keyguard.core.keys import Scope
from keyguard_adapters.gemini import FACTS
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("gemini").example.key
SPEC = KeySpec(
    label="mm_1",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
    grants=("Trader",),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("gemini", "whoami", call("whoami", KEY), ("roles",)),
    Scenario("gemini", "cancel_all", call("cancel_all"), ("cancelled",)),
)
UNKNOWN = (("whoami", '"isTrader"', '"isTeleporter": true, "isTrader"'),)
TRADER = ["Trader"]
MANAGER = None


def agrees(wire: Wire, vector: dict[str, Any]) -> None:
    """Byte for byte but for the body: ccxt repeats the parameters there, the docs want it empty."""
    expected = vector["expected"]
    assert (wire.method, FACTS.base + wire.target, wire.body) == (expected["method"], expected["url"], b"")
    for name, value in expected["headers"].items():
        assert wire.headers[name] == value


def payload(wire: Wire) -> Any:
    """What the header says."""
    return json.loads(base64.b64decode(wire.headers["X-GEMINI-PAYLOAD"]))
