"""What the tests know of Deribit; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("deribit").example.key
SPEC = KeySpec(
    label="mm_new",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
    grants=("account:read", "block_trade:read", "trade:read_write"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref="3", label="mm_new", account="10")
SCENARIOS = (
    Scenario("deribit", "clock", call("clock"), ("time",)),
    Scenario("deribit", "whoami", call("whoami", KEY), ("auth_reader", "account", "keys")),
    Scenario("deribit", "list_keys", call("list_keys", ""), ("keys",)),
    Scenario("deribit", "create_key", call("create_key", SPEC), ("created", "edited")),
    Scenario("deribit", "edit_key", call("edit_key", CURRENT, SPEC), ("edited",)),
    Scenario("deribit", "reset_key", call("reset_key", CURRENT), ("reset",)),
    Scenario("deribit", "disable_key", call("disable_key", CURRENT), ("disabled",)),
    Scenario("deribit", "enable_key", call("enable_key", CURRENT), ("enabled",)),
    Scenario("deribit", "delete_key", call("delete_key", CURRENT), ("removed",)),
    Scenario("deribit", "cancel_all", call("cancel_all"), ("cancelled",)),
)
UNKNOWN = (
    ("whoami", "wallet:none", "teleport:read"),
    ("whoami", "wallet:none", "wallet:teleport"),
    ("list_keys", "account:read ", "account:teleport "),
    ("list_keys", "restricted_block_trades", "teleport"),
)
SECRETS = (("create_key", ("result", "client_secret")), ("reset_key", ("result", "client_secret")))
VECTOR_HEADERS = ("Authorization",)
TRADER = "account:read trade:read_write"
MANAGER = "account:read_write trade:read_write wallet:read"
