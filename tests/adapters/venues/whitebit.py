"""What the tests know of WhiteBIT; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("whitebit").example.key
SUB = "8e667b4a-0b71-4988-8af5-9474dbfaeb51"
REF = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
TRADES = Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES
SPEC = KeySpec(label="mm_1", scopes=TRADES, grants=("type:1",), ips=("203.0.113.10",), account=SUB)
CURRENT = KeyReport(
    public_id=KEY, ref=REF, label="mm_1", account=SUB, scopes=TRADES, grants=("type:1",), ips=()
)
SCENARIOS = (
    Scenario("whitebit", "clock", call("clock"), ("time",)),
    Scenario("whitebit", "whoami", call("whoami", KEY), ("balance", "keys")),
    Scenario("whitebit", "list_keys", call("list_keys", SUB), ("keys", "bound", "unbound")),
    Scenario("whitebit", "create_key", call("create_key", SPEC), ("created", "bound")),
    Scenario("whitebit", "edit_key", call("edit_key", CURRENT, SPEC), ("bound",)),
    Scenario("whitebit", "delete_key", call("delete_key", CURRENT), ("empty",)),
    Scenario("whitebit", "cancel_all", call("cancel_all"), ("cancelled",)),
)
UNKNOWN = (("list_keys", '"type": 1', '"type": 3'),)
SECRETS = (("create_key", ("apiSecret",)),)
EMPTY_ANSWERS = {"delete_key": ([], {}), "cancel_all": ([], {})}
VECTOR_HEADERS = ("Content-Type", "X-TXC-APIKEY", "X-TXC-PAYLOAD", "X-TXC-SIGNATURE")
TRADER = ["info", "trade"]
MANAGER = ["info", "manage"]
