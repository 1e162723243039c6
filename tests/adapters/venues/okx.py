"""What the tests know of OKX; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

import json
from typing import Any

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("okx").example.key
SUB = "deskalpha01"
TRADING = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES | Scope.TRANSFER_INTERNAL
SPEC = KeySpec(
    label="mm_new",
    scopes=Scope.READ | TRADING,
    grants=("read_only", "trade"),
    ips=("203.0.113.10", "203.0.113.0/24"),
    account=SUB,
)
CURRENT = KeyReport(public_id=KEY, ref=KEY, label="mm desk A", account=SUB)
SCENARIOS = (
    Scenario("okx", "clock", call("clock"), ("time",)),
    Scenario("okx", "whoami", call("whoami", KEY), ("config_sub",)),
    Scenario("okx", "list_keys", call("list_keys", SUB), ("keys",)),
    Scenario("okx", "create_key", call("create_key", SPEC), ("created",), ("Kg1" + "FAKE" * 6,)),
    Scenario("okx", "edit_key", call("edit_key", CURRENT, SPEC), ("edited",)),
    Scenario("okx", "delete_key", call("delete_key", CURRENT), ("deleted",)),
)
UNKNOWN = (
    ("whoami", "read_only,trade", "read_only,teleport"),
    ("list_keys", "read_only,trade", "read_only,teleport"),
    ("create_key", "read_only,trade", "read_only,teleport"),
)
SECRETS = (("create_key", ("data", 0, "secretKey")),)
VECTOR_HEADERS = ("OK-ACCESS-SIGN", "OK-ACCESS-TIMESTAMP", "OK-ACCESS-PASSPHRASE")
TRADER = ["read_only", "trade"]
MANAGER = ["read_only", "trade"]


def client_pieces(vector: dict[str, Any]) -> dict[str, Any]:
    """python-okx writes JSON with spaces."""
    return {"compact": json.dumps} if vector["source"].startswith("python-okx") else {}
