"""What the tests know of FILL IN; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("examplex").example.key
SPEC = KeySpec("mm_new", Scope.READ, ("read",), ("203.0.113.10",))
CURRENT = KeyReport(public_id=KEY, ref=KEY, label="mm_a")
SCENARIOS = (
    Scenario("examplex", "clock", call("clock"), ("time",)),
    Scenario("examplex", "whoami", call("whoami", KEY), ("keys",)),
    Scenario("examplex", "list_keys", call("list_keys", ""), ("keys",)),
)
UNKNOWN = (("list_keys", '"read"', '"read", "teleport"'),)
VECTOR_HEADERS = ("X-KEY", "X-SIGN")
TRADER = ["read", "FILL IN"]
MANAGER = None
