"""What the tests know of Crypto.com; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

import json
from typing import Any

from keyguard.core.exchange import KeyReport, KeySpec, Wire
from keyguard.core.keys import Scope
from keyguard_adapters.cryptocom import FACTS
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("cryptocom").example.key
SPEC = KeySpec(
    label="mm_1",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES,
    grants=("read", "trading"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (Scenario("cryptocom", "whoami", call("whoami", KEY), ("accounts",)),)
TRADER = ["trading"]
MANAGER = None


def agrees(wire: Wire, vector: dict[str, Any]) -> None:
    """The signature stands in the body; the order of its members is the client's."""
    expected = vector["expected"]
    assert (wire.method, FACTS.base + wire.target) == (expected["method"], expected["url"])
    assert wire.headers["Content-Type"] == expected["headers"]["Content-Type"]
    assert json.loads(wire.body) == json.loads(expected["body"])
