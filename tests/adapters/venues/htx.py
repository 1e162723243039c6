"""What the tests know of HTX; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("htx").example.key
SUB = "178912"
TRADE = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES | Scope.TRANSFER_INTERNAL
SPEC = KeySpec("mm_new", Scope.READ | TRADE, ("readOnly", "trade"), ("203.0.113.10",), SUB)
CURRENT = KeyReport(public_id=KEY, ref=KEY, label="mm_a", account=SUB)
NARROW = KeySpec("mm_a", Scope.READ, ("readOnly",), ("203.0.113.10",), SUB)
SCENARIOS = (
    Scenario("htx", "clock", call("clock"), ("time",)),
    Scenario("htx", "whoami", call("whoami", KEY), ("accounts", "uid", "own", "sub_users")),
    Scenario("htx", "list_keys", call("list_keys", SUB), ("keys",)),
    Scenario("htx", "create_key", call("create_key", SPEC), ("created",), ("123456",)),
    Scenario("htx", "edit_key", call("edit_key", CURRENT, NARROW), ("edited",)),
    Scenario("htx", "delete_key", call("delete_key", CURRENT), ("deleted",)),
)
UNKNOWN = (
    ("list_keys", '"readOnly,trade"', '"readOnly,teleport"'),
    ("create_key", '"readOnly,trade"', '"readOnly,teleport"'),
    ("edit_key", '"readOnly"', '"readOnly,teleport"'),
)
SECRETS = (("create_key", ("data", "secretKey")),)
VECTOR_HEADERS = ()  # everything is in the address
TRADER = ["readOnly", "trade"]
MANAGER = ["readOnly", "trade"]
