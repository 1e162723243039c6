"""What the tests know of Binance; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from keyguard.core.exchange import KeyReport, KeySpec, Request
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("binance").example.key
SUB = "desk+alpha@example.test"
SPEC = KeySpec(
    label="mm_new",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES,
    grants=("enableFutures", "enableReading", "enableSpotAndMarginTrading"),
    ips=("203.0.113.10", "203.0.113.11"),
    account=SUB,
)
CURRENT = KeyReport(public_id=KEY, ref=KEY, label="mm_a", account=SUB)
SCENARIOS = (
    Scenario("binance", "clock", call("clock"), ("time",)),
    Scenario("binance", "whoami", call("whoami", KEY), ("restrictions",)),
    Scenario("binance", "list_keys", call("list_keys", SUB), ("keys_page1", "keys_page2")),
    Scenario("binance", "create_key", call("create_key", SPEC), ("created",)),
    Scenario("binance", "edit_key", call("edit_key", CURRENT, SPEC), ("permitted", "bound")),
    Scenario("binance", "delete_key", call("delete_key", CURRENT), ("deleted",)),
)
UNKNOWN = (
    ("whoami", '"enableFixReadOnly": false', '"enableTeleport": true'),
    ("list_keys", '"canVanillaOptions": false', '"canTeleport": true'),
    ("create_key", '"canVanillaOptions": false', '"canTeleport": true'),
)
SECRETS = (("create_key", ("secretKey",)),)
VECTOR_HEADERS = ("X-MBX-APIKEY",)
TRADER = ["enableReading", "enableSpotAndMarginTrading"]
MANAGER = ["enableReading", "enableSpotAndMarginTrading"]


def client_request(vector: dict[str, Any]) -> Request:
    """The clients' order, with the place of the timestamp and what they add of their own."""
    asked, sent = vector["request"], vector["expected"]
    text = sent["body"] or urlsplit(sent["url"]).query
    params = {name: value for name, value in parse_qsl(text) if name != "signature"}
    body = params if asked["body"] else None
    return Request(asked["method"], asked["path"], query={} if body else params, body=body)


def client_pieces(_vector: dict[str, Any]) -> dict[str, Any]:
    """Both clients write a space as "+", which the venue takes as well."""
    return {"encoded": urlencode}
