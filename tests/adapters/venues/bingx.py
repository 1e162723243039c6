"""What the tests know of BingX; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("bingx").example.key
SUB = "16789001"
SPOT = Scope.TRADE_SPOT | Scope.TRADE_MARGIN
SPEC = KeySpec("mm_new", Scope.READ | SPOT | Scope.TRADE_DERIVATIVES, ("1", "2", "3"), ("203.0.113.10",), SUB)
CURRENT = KeyReport(public_id=KEY, ref=KEY, label="mm_a", account=SUB, grants=("1", "2"))
NARROW = KeySpec("mm_a", Scope.READ, ("2",), ("203.0.113.10",), SUB)
SCENARIOS = (
    Scenario("bingx", "clock", call("clock"), ("time",)),
    Scenario("bingx", "whoami", call("whoami", KEY), ("numbers", "uid", "sub_accounts")),
    Scenario("bingx", "create_key", call("create_key", SPEC), ("created",)),
    Scenario("bingx", "edit_key", call("edit_key", CURRENT, NARROW), ("edited",)),
    Scenario("bingx", "delete_key", call("delete_key", CURRENT), ("deleted",)),
)
UNKNOWN = (
    ("whoami", "[2, 1, 3]", "[2, 1, 6]"),
    ("create_key", "[2, 1, 3]", "[2, 1, 6]"),
    ("edit_key", "[2]", "[2, 8]"),
)
SECRETS = (("create_key", ("data", "apiSecret")),)
VECTOR_HEADERS = ("X-BX-APIKEY",)
TRADER = ["1", "2"]
MANAGER = None
