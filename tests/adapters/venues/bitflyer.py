"""What the tests know of bitFlyer; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("bitflyer").example.key
SPEC = KeySpec(
    label="arb_1",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
    grants=("/v1/me/cancelchildorder", "/v1/me/getbalance", "/v1/me/sendchildorder"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (Scenario("bitflyer", "whoami", call("whoami", KEY), ("permissions",)),)
UNKNOWN = (("whoami", '"/v1/me/sendchildorder"', '"/v1/me/teleport"'),)
VECTOR_HEADERS = ("ACCESS-KEY", "ACCESS-TIMESTAMP", "ACCESS-SIGN", "Content-Type")
TRADER = ["/v1/me/getbalance", "/v1/me/getchildorders", "/v1/me/sendchildorder"]
MANAGER = None
