"""What the tests know of Bitfinex; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("bitfinex").example.key
SPEC = KeySpec(
    label="arb 1",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES,
    grants=("account:read", "orders:read", "orders:write", "wallets:read"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("bitfinex", "whoami", call("whoami", KEY), ("permissions",)),
    Scenario("bitfinex", "cancel_all", call("cancel_all"), ("cancelled",)),
)
UNKNOWN = (("whoami", '["history", 1, 0]', '["teleport", 1, 0]'),)
VECTOR_HEADERS = ("bfx-nonce", "bfx-apikey", "bfx-signature")
TRADER = ["account:read", "orders:read", "orders:write", "wallets:read"]
MANAGER = None
