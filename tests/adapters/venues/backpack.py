"""What the tests know of Backpack; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("backpack").example.key
SPEC = KeySpec(label="watch 1", scopes=Scope.READ, grants=("read_only",), ips=("203.0.113.10",))
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("backpack", "clock", call("clock"), ("time",)),
    Scenario("backpack", "whoami", call("whoami", KEY), ("account",)),
)
VECTOR_HEADERS = ("X-API-Key", "X-Timestamp", "X-Window", "X-Signature")
TRADER = ["read", "write"]
MANAGER = None
