"""What the tests know of Bitget; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("bitget").example.key
SUB = "1234567890"
SPEC = KeySpec(
    label="mm_new",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES,
    grants=("uta_trade",),
    ips=("203.0.113.10",),
    account=SUB,
)
CURRENT = KeyReport(public_id=KEY, ref=KEY, label="mm_a", account=SUB, grants=("uta_trade",))
NARROW = KeySpec("mm_a", Scope.READ, ("uta_trade:read",), ("203.0.113.10",), SUB)
CLASSIC_SPEC = KeySpec(
    "mm_new", Scope.READ | Scope.TRADE_SPOT, ("read", "spot_trade"), ("203.0.113.10",), SUB
)
CLASSIC = KeyReport(public_id=KEY, ref=KEY, label="mm_a", account=SUB, grants=("read", "spot_trade"))
PASSPHRASE = "FAKE27lettersanddigits7"
SCENARIOS = (
    Scenario("bitget", "clock", call("clock"), ("time",)),
    Scenario("bitget", "whoami", call("whoami", KEY), ("info",)),
    Scenario("bitget", "list_keys", call("list_keys", SUB), ("keys_page1", "keys_page2")),
    Scenario("bitget", "create_key", call("create_key", SPEC), ("created",), (PASSPHRASE,)),
    Scenario("bitget", "create_key", call("create_key", CLASSIC_SPEC), ("created_classic",), (PASSPHRASE,)),
    Scenario("bitget", "edit_key", call("edit_key", CURRENT, NARROW), ("done",), (PASSPHRASE,)),
    Scenario("bitget", "delete_key", call("delete_key", CURRENT), ("done",)),
)
UNKNOWN = (
    ("whoami", '"uta_trade"', '"uta_teleport"'),
    ("list_keys", '"uta_trade"', '"uta_teleport"'),
)
SECRETS = (("create_key", ("data", "secret")),)
VECTOR_HEADERS = ("ACCESS-KEY", "ACCESS-SIGN", "ACCESS-TIMESTAMP", "ACCESS-PASSPHRASE")
TRADER = ["uta_trade"]
MANAGER = ["uta_mgt"]
