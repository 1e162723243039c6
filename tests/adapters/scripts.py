"""Feeds an operation its replies in order and remembers what it asked for."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, Ask, Fault, Reply, Request, Step
from keyguard.core.steps import drive
from keyguard_adapters import NAMES

REPLIES = Path(__file__).parent / "replies"
T = TypeVar("T")


def adapter(venue: str) -> Adapter:
    found = importlib.import_module(f"keyguard_adapters.{venue}").ADAPTER
    assert isinstance(found, Adapter)
    return found


def body(name: str) -> Any:
    """The body of a reply file with the example credential put in."""
    return _file(name)["body"]


def reply(name: str) -> Reply:
    told = _file(name)
    if told["status"] == 204:  # no content
        return Reply(204, {}, b"")
    return answer(told["body"], told["status"])


def _file(name: str) -> Any:
    example = adapter(name.partition("/")[0]).example
    text = (REPLIES / f"{name}.json").read_text(encoding="utf-8")
    text = text.replace("$KEY", example.key).replace("$SECRET", example.secret.reveal())
    return json.loads(text)


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
    """One operation with the replies that carry it to its end, and the answers to what it asks besides."""

    venue: str
    operation: str
    begin: Callable[[Adapter], Step[Any]]
    replies: tuple[str, ...]
    codes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.venue}-{self.operation}"

    def step(self) -> Step[Any]:
        return self.begin(adapter(self.venue))

    def script(self) -> Script:
        return Script([reply(f"{self.venue}/{name}") for name in self.replies], list(self.codes))

    def drive(self, send: Callable[[Request], Reply]) -> Any:
        """Run it with any sender; what it asks besides is answered as in the script."""
        return drive(self.step(), send, Script([], list(self.codes)).code)


def call(operation: str, *arguments: Any) -> Callable[[Adapter], Step[Any]]:
    def begin(venue: Adapter) -> Step[Any]:
        step: Step[Any] = getattr(venue, operation)(*arguments)
        return step

    return begin


def told(venue: str) -> ModuleType:
    """What the tests know of a venue: `tests/adapters/venues/<id>.py`."""
    return importlib.import_module(f"tests.adapters.venues.{venue}")


def every(name: str) -> list[Any]:
    """This member of all venues' modules, joined; a venue without it adds nothing."""
    return [one for venue in NAMES for one in getattr(told(venue), name, ())]
