"""What the tests know of MEXC; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("mexc").example.key
SUB = "deskalpha1"
GRANTS = ("SPOT_ACCOUNT_READ", "SPOT_DEAL_WRITE")
SPEC = KeySpec("mm_new", Scope.READ | Scope.TRADE_SPOT, GRANTS, ("203.0.113.10",), SUB)
CURRENT = KeyReport(public_id=KEY, ref=KEY, label="mm_a", account=SUB, grants=GRANTS)
BOUND = KeySpec("mm_a", Scope.READ | Scope.TRADE_SPOT, GRANTS, ("203.0.113.10",), SUB)
PROBED = ("uid", "none", "none", "transfers", "futures", "futures", "sub_accounts")
SCENARIOS = (
    Scenario("mexc", "clock", call("clock"), ("time",)),
    Scenario("mexc", "whoami", call("whoami", KEY), PROBED),
    Scenario("mexc", "list_keys", call("list_keys", SUB), ("keys",)),
    Scenario("mexc", "create_key", call("create_key", SPEC), ("created",)),
    Scenario("mexc", "edit_key", call("edit_key", CURRENT, BOUND), ("edited",)),
    Scenario("mexc", "delete_key", call("delete_key", CURRENT), ("deleted",)),
)
UNKNOWN = (
    ("list_keys", "SPOT_DEAL_READ", "SPOT_TELEPORT_READ"),
    ("create_key", "SPOT_DEAL_WRITE", "SPOT_TELEPORT_WRITE"),
)
SECRETS = (("create_key", ("secretKey",)),)
VECTOR_HEADERS = ("X-MEXC-APIKEY",)
TRADER = ["SPOT_ACCOUNT_READ", "SPOT_DEAL_READ", "SPOT_DEAL_WRITE"]
MANAGER = ["SPOT_ACCOUNT_READ"]
