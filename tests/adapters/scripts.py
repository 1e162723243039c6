"""Feeds an operation its replies in order and remembers what it asked for."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, Ask, Fault, KeyReport, KeySpec, Reply, Request, Step
from keyguard.core.keys import Scope
from keyguard.core.steps import drive

REPLIES = Path(__file__).parent / "replies"
T = TypeVar("T")


def adapter(venue: str) -> Adapter:
    found = importlib.import_module(f"keyguard_adapters.{venue}").ADAPTER
    assert isinstance(found, Adapter)
    return found


def body(name: str) -> Any:
    """The body of a reply file with the example credential put in."""
    example = adapter(name.partition("/")[0]).example
    text = (REPLIES / f"{name}.json").read_text(encoding="utf-8")
    text = text.replace("$KEY", example.key).replace("$SECRET", example.secret.reveal())
    return json.loads(text)["body"]


def reply(name: str) -> Reply:
    return answer(body(name))


def answer(value: Any, status: int = 200) -> Reply:
    return Reply(status, {}, json.dumps(value).encode())


def refused(fault: Fault, code: str = "") -> Refused:
    return Refused("the venue refused", fault=fault, venue_code=code)


@dataclass
class Script:
    """What a venue answers, in order: replies, or refusals to throw in; and what a person answers."""

    answers: list[Reply | Refused]
    codes: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)

    def send(self, request: Request) -> Reply:
        self.requests.append(request)
        assert len(self.requests) <= len(self.answers), f"unexpected request {request.path}"
        given = self.answers[len(self.requests) - 1]
        if isinstance(given, Refused):
            raise given
        return given

    def code(self, question: Ask) -> str:
        self.asked.append(question)
        return self.codes[len(self.asked) - 1]

    def run(self, step: Step[T]) -> T:
        value = drive(step, self.send, self.code)
        assert len(self.requests) == len(self.answers), "not all replies were wanted"
        return value


@dataclass(frozen=True)
class Scenario:
    """One operation with the replies that carry it to its end."""

    venue: str
    operation: str
    begin: Callable[[Adapter], Step[Any]]
    replies: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.venue}-{self.operation}"

    def step(self) -> Step[Any]:
        return self.begin(adapter(self.venue))

    def script(self) -> Script:
        return Script([reply(f"{self.venue}/{name}") for name in self.replies])


def _call(operation: str, *arguments: Any) -> Callable[[Adapter], Step[Any]]:
    def begin(venue: Adapter) -> Step[Any]:
        step: Step[Any] = getattr(venue, operation)(*arguments)
        return step

    return begin


BYBIT_KEY, DERIBIT_KEY, UPBIT_KEY = (adapter(venue).example.key for venue in ("bybit", "deribit", "upbit"))

BYBIT_SPEC = KeySpec(
    label="mm_new",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
    grants=("ContractTrade:Order", "ContractTrade:Position", "Spot:SpotTrade"),
    ips=("203.0.113.10", "203.0.113.11"),
    account="53888000",
)
BYBIT_CURRENT = KeyReport(
    public_id=BYBIT_KEY,
    ref=BYBIT_KEY,
    label="mm_a",
    account="53888000",
    parent="53880000",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("Spot:SpotTrade",),
)
BYBIT_NARROW = KeySpec(
    "mm_a", Scope.READ | Scope.TRADE_SPOT, ("Spot:SpotTrade",), ("203.0.113.10",), "53888000"
)
DERIBIT_SPEC = KeySpec(
    label="mm_new",
    scopes=Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES,
    grants=("account:read", "block_trade:read", "trade:read_write"),
    ips=("203.0.113.10",),
)
DERIBIT_CURRENT = KeyReport(public_id=DERIBIT_KEY, ref="3", label="mm_new", account="10")
UPBIT_SPEC = KeySpec(
    label="arb_1",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    grants=("make_orders", "view_account", "view_orders"),
    ips=("203.0.113.10",),
)
UPBIT_CURRENT = KeyReport(public_id=UPBIT_KEY, ref=UPBIT_KEY)
SPECS = {"bybit": BYBIT_SPEC, "deribit": DERIBIT_SPEC, "upbit": UPBIT_SPEC}
CURRENT = {"bybit": BYBIT_CURRENT, "deribit": DERIBIT_CURRENT, "upbit": UPBIT_CURRENT}

SCENARIOS = (
    Scenario("bybit", "clock", _call("clock"), ("time",)),
    Scenario("bybit", "whoami", _call("whoami", BYBIT_KEY), ("whoami_sub_bound",)),
    Scenario("bybit", "list_keys", _call("list_keys", "53888000"), ("sub_keys_page1", "sub_keys_page2")),
    Scenario("bybit", "create_key", _call("create_key", BYBIT_SPEC), ("created",)),
    Scenario("bybit", "edit_key", _call("edit_key", BYBIT_CURRENT, BYBIT_NARROW), ("edited",)),
    Scenario("bybit", "delete_key", _call("delete_key", BYBIT_CURRENT), ("deleted",)),
    Scenario("deribit", "clock", _call("clock"), ("time",)),
    Scenario("deribit", "whoami", _call("whoami", DERIBIT_KEY), ("auth_reader", "account", "keys")),
    Scenario("deribit", "list_keys", _call("list_keys", ""), ("keys",)),
    Scenario("deribit", "create_key", _call("create_key", DERIBIT_SPEC), ("created", "edited")),
    Scenario("deribit", "edit_key", _call("edit_key", DERIBIT_CURRENT, DERIBIT_SPEC), ("edited",)),
    Scenario("deribit", "reset_key", _call("reset_key", DERIBIT_CURRENT), ("reset",)),
    Scenario("deribit", "disable_key", _call("disable_key", DERIBIT_CURRENT), ("disabled",)),
    Scenario("deribit", "enable_key", _call("enable_key", DERIBIT_CURRENT), ("enabled",)),
    Scenario("deribit", "delete_key", _call("delete_key", DERIBIT_CURRENT), ("removed",)),
    Scenario("upbit", "whoami", _call("whoami", UPBIT_KEY), ("pockets",)),
    Scenario("upbit", "list_keys", _call("list_keys", ""), ("keys",)),
)
