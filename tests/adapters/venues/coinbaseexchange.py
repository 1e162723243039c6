"""What the tests know of Coinbase Exchange; `tests/adapters/venues/__init__.py` explains the members."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("coinbaseexchange").example.key
SPEC = KeySpec(
    label="mm_1",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("trade", "view"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("coinbaseexchange", "clock", call("clock"), ("time",)),
    Scenario("coinbaseexchange", "whoami", call("whoami", KEY), ("accounts",)),
    Scenario("coinbaseexchange", "cancel_all", call("cancel_all"), ("cancelled",)),
)
EMPTY_ANSWERS = {"cancel_all": ([],)}
VECTOR_HEADERS = (
    "CB-ACCESS-KEY",
    "CB-ACCESS-SIGN",
    "CB-ACCESS-TIMESTAMP",
    "CB-ACCESS-PASSPHRASE",
)
TRADER = ["view", "trade"]
MANAGER = None
