"""What the tests know of HashKey; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("hashkey").example.key
SPEC = KeySpec(
    label="arb_1",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("read", "trade"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("hashkey", "whoami", call("whoami", KEY), ("account",)),
    Scenario("hashkey", "clock", call("clock"), ("time",)),
)
VECTOR_HEADERS = ("X-HK-APIKEY",)
TRADER = ["read", "trade"]
MANAGER = None
