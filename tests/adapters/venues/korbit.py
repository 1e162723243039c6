"""What the tests know of Korbit; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("korbit").example.key
SPEC = KeySpec(
    label="arb_1",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("readBalances", "readOrders", "writeOrders"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("korbit", "whoami", call("whoami", KEY), ("key",)),
    Scenario("korbit", "clock", call("clock"), ("time",)),
)
UNKNOWN = (("whoami", '"writeOrders"', '"writeOrders", "teleport"'),)
VECTOR_HEADERS = ("X-KAPI-KEY",)
TRADER = ["readBalances", "readOrders", "writeOrders"]
MANAGER = None
