"""What the tests know of Hyperliquid; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("hyperliquid").example.key
MASTER = "0x9b6ffd455d6f397b6a5f8dd026e60c0fbded57be"
SPEC = KeySpec(
    label="mm1",
    scopes=adapter("hyperliquid").scopes.names["agent"],
    grants=("agent",),
    ips=(),
    account=MASTER,
)
CURRENT = KeyReport(public_id=KEY, ref=KEY, label="mm1", account=MASTER)
SCENARIOS = (
    Scenario("hyperliquid", "whoami", call("whoami", KEY), ("agent", "agents")),
    Scenario("hyperliquid", "list_keys", call("list_keys", MASTER), ("agents",)),
)
UNKNOWN = (("whoami", '"role": "agent"', '"role": "emperor"'),)
EMPTY_LISTS = ([],)
VECTOR_HEADERS = ("Content-Type",)
FIRST = ["master"]
TRADER = ["agent"]
MANAGER = None
