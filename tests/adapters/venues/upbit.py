"""What the tests know of Upbit; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("upbit").example.key
SPEC = KeySpec(
    label="arb_1",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("make_orders", "view_account", "view_orders"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("upbit", "whoami", call("whoami", KEY), ("pockets",)),
    Scenario("upbit", "list_keys", call("list_keys", ""), ("keys",)),
)
UNKNOWN = (("whoami", '"make_orders"', '"make_orders", "teleport"'),)
EMPTY_LISTS = ([],)
VECTOR_HEADERS = ("Authorization",)
TRADER = ["view_account", "view_orders", "make_orders"]
MANAGER = None
