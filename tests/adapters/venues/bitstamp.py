"""What the tests know of Bitstamp; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("bitstamp").example.key
SPEC = KeySpec(
    label="mm_1",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("account_balance", "cancel_order", "limit_order", "open_orders"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (Scenario("bitstamp", "whoami", call("whoami", KEY), ("balances", "nothing", "nothing")),)
VECTOR_HEADERS = ("X-Auth", "X-Auth-Nonce", "X-Auth-Timestamp", "X-Auth-Version", "X-Auth-Signature")
TRADER = ["account_balance", "open_orders", "limit_order", "cancel_order"]
MANAGER = None
