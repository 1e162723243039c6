"""What the tests know of Gate; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

import json
from typing import Any

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("gate").example.key
SUB = "10001"
SPEC = KeySpec(
    label="mm_new",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN,
    grants=("spot:read_write", "wallet:read"),
    ips=("203.0.113.10", "203.0.113.11"),
    account=SUB,
)
CURRENT = KeyReport(public_id=KEY, ref=KEY, label="mm_a", account=SUB, grants=("spot:read_write",))
NARROW = KeySpec("mm_a", Scope.READ, ("spot:read",), ("203.0.113.10",), SUB)
SCENARIOS = (
    Scenario("gate", "clock", call("clock"), ("time",)),
    Scenario("gate", "whoami", call("whoami", KEY), ("detail", "main_keys")),
    Scenario("gate", "list_keys", call("list_keys", SUB), ("keys",)),
    Scenario("gate", "create_key", call("create_key", SPEC), ("created",)),
    Scenario("gate", "edit_key", call("edit_key", CURRENT, NARROW), ("no_content",)),
    Scenario("gate", "delete_key", call("delete_key", CURRENT), ("no_content",)),
)
UNKNOWN = (
    ("list_keys", '"name": "spot"', '"name": "teleport"'),
    ("create_key", '"name": "spot"', '"name": "teleport"'),
)
EMPTY_LISTS = ([],)
SECRETS = (("create_key", ("secret",)),)
VECTOR_HEADERS = ("KEY", "SIGN", "Timestamp")
TRADER = ["spot:read_write", "wallet:read"]
MANAGER = ["sub_accounts:read_write", "account:read"]


def client_pieces(vector: dict[str, Any]) -> dict[str, Any]:
    """gate-api writes JSON with spaces."""
    spaced = vector["source"].startswith("gate-api") and vector["request"]["body"]
    return {"compact": json.dumps} if spaced else {}
