"""`kill -9` of a real `keyguard key rotate`, at requests the venue has seen and at any moment.

Afterwards `keyguard workflow resume` converges: exactly one working key, and no key at the venue that the
store does not have (promises 3 and 4).
"""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

import pytest

from keyguard_simulators.wire import Answer, Call
from tests.cli.desk import IMPATIENT, Desk, answering, bybit_keys, deribit_keys, desk, kill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMES = {"bybit": "bybit/mm/bot", "deribit": "deribit/mm/hedge"}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with a bot's and a manager's key at Bybit and Deribit. Each test rotates the former again."""
    with desk(tmp_path_factory.mktemp("killed"), program=IMPATIENT) as opened:
        opened.init()
        for venue, keys in (("bybit", bybit_keys), ("deribit", deribit_keys)):
            bot, manager = keys(opened.venues.venues[venue])
            opened.add(f"{venue}/ops/manager", manager)
            opened.add(NAMES[venue], bot)
        yield opened


@pytest.mark.parametrize(
    ("side", "venue", "operation", "nth"),
    [
        ("after", "bybit", "/v5/user/query-api", 1),  # who is the old key
        ("before", "bybit", "/v5/user/create-sub-api", 1),
        ("after", "bybit", "/v5/user/create-sub-api", 1),
        ("after", "bybit", "/v5/user/query-api", 2),  # the new one proves itself
        ("before", "bybit", "/v5/user/delete-sub-api", 1),
        ("after", "bybit", "/v5/user/delete-sub-api", 1),
        ("after", "bybit", "/v5/user/query-api", 4),  # the old one is refused
        ("after", "bybit", "/v5/user/sub-apikeys", 5),  # what is left over
        ("after", "deribit", "private/create_api_key", 1),
        ("after", "deribit", "private/remove_api_key", 1),
    ],
)
def test_killed_at_a_request(ready: Desk, side: str, venue: str, operation: str, nth: int) -> None:
    """`before`: the request is lost with its sender; `after`: it takes effect and nobody hears of it."""
    served = ready.venues.venues[venue]
    struck = threading.Event()
    count = 0

    def deadly(call: Call, answer: Callable[[Call], Answer]) -> Answer:
        nonlocal count
        count += served.operation(call) == operation
        if served.operation(call) != operation or count != nth:
            return answer(call)
        struck.set()
        kill(process)
        process.wait()
        return Answer(None) if side == "before" else answer(call)

    with answering(served, deadly):
        process = ready.start("key", "rotate", NAMES[venue])
        process.communicate(timeout=60)
    assert struck.is_set()
    assert process.returncode == -9
    converges(ready, venue)


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment(ready: Desk, seed: int) -> None:
    """From the first request on: before it, nothing was begun."""
    served = ready.venues.venues["bybit"]
    begun = threading.Event()

    def noticed(call: Call, answer: Callable[[Call], Answer]) -> Answer:
        begun.set()
        return answer(call)

    with answering(served, noticed):
        process = ready.start("key", "rotate", NAMES["bybit"])
        assert begun.wait(30)
        threading.Event().wait(random.Random(seed).uniform(0, 0.15))
        kill(process)
        process.communicate(timeout=60)
    converges(ready, "bybit")


def converges(ready: Desk, venue: str) -> None:
    """Resume what is unfinished; then venue and store agree on one working key."""
    for workflow in ready.unfinished():
        ready.keyguard("workflow", "resume", workflow)
    assert ready.unfinished() == []
    name, book = NAMES[venue], ready.venues.venues[venue].state.book
    public_id, secret = ready.stored(name)
    key = book.keys[public_id]
    assert (key.deleted, key.enabled, key.secret) == (False, True, secret)
    assert [k.public_id for k in book.listed(key.account) if k.label != "manager"] == [public_id]
    statuses = ready.statuses(name)
    assert statuses.count("live") == 1
    assert set(statuses) <= {"live", "dead"}
