"""What the tests know of Coinone; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("coinone").example.key
SPEC = KeySpec(
    label="arb_1",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("잔고 조회", "주문 권한", "주문 조회"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (Scenario("coinone", "whoami", call("whoami", KEY), ("balances", "orders", "transactions")),)
VECTOR_HEADERS = ("Content-Type", "X-COINONE-PAYLOAD", "X-COINONE-SIGNATURE")
TRADER = ["잔고 조회", "주문 조회", "주문 권한"]
MANAGER = None
