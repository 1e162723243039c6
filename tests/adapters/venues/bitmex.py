"""What the tests know of BitMEX; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import adapter

KEY = adapter("bitmex").example.key
SPEC = KeySpec("mm_1", Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES, ("order",), ("203.0.113.10",))
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = ()
VECTOR_HEADERS = ("api-expires", "api-key", "api-signature")
TRADER = MANAGER = None
