"""What the tests know of Bullish; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("bullish").example.key
SPEC = KeySpec(
    label="mm 1",
    scopes=adapter("bullish").scopes.names["hmac"],
    grants=("hmac",),
    ips=("203.0.113.0/28",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("bullish", "clock", call("clock"), ("time",)),
    Scenario("bullish", "whoami", call("whoami", KEY), ("login", "accounts", "logout")),
)
VECTOR_HEADERS = ("BX-TIMESTAMP", "BX-NONCE", "BX-SIGNATURE")
TRADER = ["hmac"]
MANAGER = None
