"""What the tests know of GOPAX; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("gopax").example.key
SPEC = KeySpec(
    label="arb_1",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("조회", "주문"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (Scenario("gopax", "whoami", call("whoami", KEY), ("balances",)),)
VECTOR_HEADERS = ("api-key", "timestamp", "signature")
TRADER = ["조회", "주문"]
MANAGER = None
