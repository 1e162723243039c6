"""What the tests know of KuCoin; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("kucoin").example.key
SUB = "deskalpha01"
SPEC = KeySpec(
    label="mm_new",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
    grants=("Futures", "General", "Spot"),
    ips=("203.0.113.10", "203.0.113.11"),
    account=SUB,
)
CURRENT = KeyReport(public_id=KEY, ref=KEY, label="mm_a", account=SUB)
NARROW = KeySpec("mm_a", Scope.READ | Scope.TRADE_SPOT, ("General", "Spot"), ("203.0.113.10",), SUB)
PASSPHRASE = "FAKE27lettersanddigits7"
SCENARIOS = (
    Scenario("kucoin", "clock", call("clock"), ("time",)),
    Scenario("kucoin", "whoami", call("whoami", KEY), ("whoami_sub",)),
    Scenario("kucoin", "list_keys", call("list_keys", SUB), ("keys",)),
    Scenario("kucoin", "create_key", call("create_key", SPEC), ("created",), (PASSPHRASE,)),
    Scenario("kucoin", "edit_key", call("edit_key", CURRENT, NARROW), ("edited",), (PASSPHRASE,)),
    Scenario("kucoin", "delete_key", call("delete_key", CURRENT), ("deleted",), (PASSPHRASE,)),
)
UNKNOWN = (
    ("whoami", "General,Spot", "General,Spot,Teleport"),
    ("list_keys", "General,Spot", "General,Spot,Teleport"),
    ("create_key", "General,Spot", "General,Teleport"),
)
SECRETS = (("create_key", ("data", "apiSecret")),)
VECTOR_HEADERS = ("KC-API-KEY", "KC-API-SIGN", "KC-API-TIMESTAMP", "KC-API-PASSPHRASE")
TRADER = ["General", "Spot"]
MANAGER = ["General"]
