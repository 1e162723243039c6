"""What the tests know of Bitso; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("bitso").example.key
SPEC = KeySpec(
    label="arb 1",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("place_orders", "view_balances", "view_orders"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("bitso", "whoami", call("whoami", KEY), ("balance", "orders")),
    Scenario("bitso", "cancel_all", call("cancel_all"), ("cancelled",)),
)
VECTOR_HEADERS = ("Authorization",)
TRADER = ["view_balances", "view_orders", "place_orders"]
MANAGER = None
