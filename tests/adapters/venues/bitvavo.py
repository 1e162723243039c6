"""What the tests know of Bitvavo; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("bitvavo").example.key
SPEC = KeySpec(
    label="arb 1",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("trade", "view"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("bitvavo", "clock", call("clock"), ("time",)),
    Scenario("bitvavo", "whoami", call("whoami", KEY), ("account",)),
)
VECTOR_HEADERS = (
    "Bitvavo-Access-Key",
    "Bitvavo-Access-Signature",
    "Bitvavo-Access-Timestamp",
    "Bitvavo-Access-Window",
)
TRADER = ["view", "trade"]
MANAGER = None
