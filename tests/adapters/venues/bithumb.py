"""What the tests know of Bithumb; the members are explained in `tests/adapters/venues/__init__.py`."""

from __future__ import annotations

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Scope
from tests.adapters.scripts import Scenario, adapter, call

KEY = adapter("bithumb").example.key
SPEC = KeySpec(
    label="arb_1",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("자산조회", "주문조회", "주문하기"),
    ips=("203.0.113.10",),
)
CURRENT = KeyReport(public_id=KEY, ref=KEY)
SCENARIOS = (
    Scenario("bithumb", "whoami", call("whoami", KEY), ("keys", "accounts", "empty", "empty", "empty")),
    Scenario("bithumb", "list_keys", call("list_keys", ""), ("keys",)),
)
EMPTY_LISTS = ([],)
VECTOR_HEADERS = ("Authorization",)
TRADER = ["자산조회", "주문조회", "주문하기"]
MANAGER = None
