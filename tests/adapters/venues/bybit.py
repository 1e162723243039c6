"""What the tests know of Bybit; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

import json
from typing import Any

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("bybit").example.key
SPEC = KeySpec(
    label="mm_new",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
    grants=("ContractTrade:Order", "ContractTrade:Position", "Spot:SpotTrade"),
    ips=("203.0.113.10", "203.0.113.11"),
    account="53888000",
)
CURRENT = KeyReport(
    public_id=KEY,
    ref=KEY,
    label="mm_a",
    account="53888000",
    parent="53880000",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("Spot:SpotTrade",),
)
NARROW = KeySpec("mm_a", Scope.READ | Scope.TRADE_SPOT, ("Spot:SpotTrade",), ("203.0.113.10",), "53888000")
SCENARIOS = (
    Scenario("bybit", "clock", call("clock"), ("time",)),
    Scenario("bybit", "whoami", call("whoami", KEY), ("whoami_sub_bound",)),
    Scenario("bybit", "list_keys", call("list_keys", "53888000"), ("sub_keys_page1", "sub_keys_page2")),
    Scenario("bybit", "create_key", call("create_key", SPEC), ("created",)),
    Scenario("bybit", "edit_key", call("edit_key", CURRENT, NARROW), ("edited",)),
    Scenario("bybit", "delete_key", call("delete_key", CURRENT), ("deleted",)),
)
UNKNOWN = (
    ("whoami", '"SpotTrade"', '"SpotTrade", "Teleport"'),
    ("list_keys", '"SpotTrade"', '"SpotTrade", "Teleport"'),
)
SECRETS = (("create_key", ("result", "secret")),)
VECTOR_HEADERS = ("X-BAPI-API-KEY", "X-BAPI-TIMESTAMP", "X-BAPI-RECV-WINDOW", "X-BAPI-SIGN")
TRADER = {"Spot": ["SpotTrade"]}
MANAGER = {"Wallet": ["AccountTransfer", "SubMemberTransfer"]}

SPACED_JSON = {"create sub UID API key", "update sub API key by master, RSA"}


def client_pieces(vector: dict[str, Any]) -> dict[str, Any]:
    """pybit writes JSON with spaces; what we send is checked by `test_bybit_signs_the_bytes_it_sends`."""
    return {"compact": json.dumps} if vector["name"] in SPACED_JSON else {}
