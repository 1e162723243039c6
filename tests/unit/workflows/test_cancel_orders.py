"""Cancelling open orders in a panic: once an account, before the keys die, and never at their expense."""

from __future__ import annotations

import ast
import threading
from dataclasses import replace
from pathlib import Path

import pytest

import keyguard
from keyguard.cli.panic_words import exit_status
from keyguard.core.errors import OutcomeUnknown, StoreError
from keyguard.core.exchange import Cancelling, Effect, Reply, Request
from keyguard.core.keys import Scope
from keyguard.workflows import cancel_orders, panic
from keyguard.workflows.cancel_orders import Holder, words
from keyguard.workflows.enrol import Declared, enrol
from tests.fakes.exchange import FakeExchange
from tests.fakes.gateway import FakeGateway
from tests.fakes.world import ACTOR, IPS, World

CANCELS = Cancelling(Scope.TRADE_SPOT, "https://docs.examplex.test/cancel", "2026-11-21", "stop orders")
PRODUCT = Path(keyguard.__file__).parent


class Book:
    """The open orders of a fake venue, and how its call that cancels them all behaves."""

    def __init__(self, exchange, **orders):
        self.orders = orders
        self.calls = []
        self.answer = lambda: None
        self._handle = exchange.handle
        exchange.handle = self.handle
        facts = replace(exchange.adapter.facts, cancels=CANCELS)
        exchange.adapter = replace(exchange.adapter, facts=facts, cancel_all=cancel_all)
        self._exchange = exchange

    def handle(self, request, who):
        if request.path != "/orders":
            return self._handle(request, who)
        assert request.effect is Effect.ORDERS_CANCELLED
        held = self._exchange.keys[who.key]
        self.calls.append(held.label)
        if (given := self.answer()) is not None:
            return given
        if "trade" not in held.grants:
            return Reply(403, {}, b'{"code": "1003"}')
        gone, self.orders[held.account] = self.orders.get(held.account, 0), 0
        return Reply(200, {}, b'{"cancelled": %d}' % gone)


def cancel_all():
    reply = yield Request("DELETE", "/orders", effect=Effect.ORDERS_CANCELLED)
    return int(reply.json["cancelled"])


def run(world, chosen=None, **options):
    chosen = panic.targets(world.ports, desk="desk") if chosen is None else chosen
    settings = {"scope": "desk desk", "reason": "leak", "actor": ACTOR, "bound_s": 300}
    settings["process_alive"] = world.process_alive
    return panic.panic(world.ports, chosen, **settings | options)


def add(world, label, account="A1", grants=("view", "trade")):
    made = world.exchange.make(label, grants, IPS, account=account)
    return enrol(world.ports, Declared("examplex", "desk", label, "kim"), made).key


def test_an_accounts_orders_are_cancelled_once_by_a_key_about_to_die():
    world = World()
    book = Book(world.exchange, A1=7, A2=2)
    add(world, "second")
    add(world, "far", account="A2")
    outcome = run(world, cancel=True)
    assert book.orders == {"A1": 0, "A2": 0}
    assert len(book.calls) == 2
    assert {(one.account, one.orders, one.done) for one in outcome.cancellations} == {
        ("A1", 7, True),
        ("A2", 2, True),
    }
    assert all(one.leaves == "stop orders" for one in outcome.cancellations)
    assert len(outcome.dead) == 3
    paths = [path for _, path, _ in world.gateway.sent]
    assert max(n for n, path in enumerate(paths) if path == "/orders") < min(
        n
        for n, (method, path, _) in enumerate(world.gateway.sent)
        if method == "DELETE" and path != "/orders"
    )


def test_nothing_is_cancelled_unless_asked_for():
    world = World()
    book = Book(world.exchange, A1=7)
    outcome = run(world)
    assert (book.calls, book.orders, outcome.cancellations) == ([], {"A1": 7}, ())
    assert world.audit.bodies("orders.cancel") == []


def test_it_stands_in_the_log_before_it_is_sent_and_so_does_what_came_of_it():
    world = World()
    book = Book(world.exchange, A1=3)
    before = []
    book.answer = lambda: before.append(world.audit.bodies("orders.cancel"))
    run(world, cancel=True)
    ((announced,),) = before
    version = world.inventory.versions(world.key.id)[0]
    assert announced["keys"] == [version.fingerprint]
    assert (announced["account"], announced["reason"]) == ("A1", "leak")
    (result,) = world.audit.bodies("orders.cancel_result")
    assert result == {"key": version.fingerprint, "result": "cancelled", "orders": 3}


def test_keys_that_cannot_trade_cancel_nothing():
    world = World()
    book = Book(world.exchange, A1=3)
    chosen = [one for one in panic.targets(world.ports) if one.key.label == "manager"]
    outcome = run(world, chosen, cancel=True)
    assert (outcome.cancellations, book.calls) == ((), [])


def test_a_key_that_is_refused_is_followed_by_the_next_of_the_account():
    world = World()
    book = Book(world.exchange, A1=3)
    add(world, "second")
    refusals = iter([Reply(403, {}, b'{"code": "1003"}')])
    book.answer = lambda: next(refusals, None)
    (one,) = run(world, cancel=True).cancellations
    assert (one.done, one.orders, len(set(book.calls))) == (True, 3, 2)


def test_a_refusal_by_all_is_said_and_every_key_dies():
    world = World()
    book = Book(world.exchange, A1=3)
    book.answer = lambda: Reply(403, {}, b'{"code": "1003"}')
    outcome = run(world, cancel=True)
    (one,) = outcome.cancellations
    assert (one.done, one.error.message) == (False, "examplex refused")
    assert world.audit.bodies("orders.cancel_result")[0]["result"] == "refused"
    assert len(outcome.dead) == 1


def test_an_outcome_nobody_knows_is_not_tried_again_and_keeps_no_key_alive():
    world = World()
    book = Book(world.exchange, A1=3)
    add(world, "second")
    book.answer = lambda: Reply(200, {}, b"<html>")
    outcome = run(world, cancel=True)
    assert len(book.calls) == 1
    assert world.audit.bodies("orders.cancel_result")[0]["result"] == "unknown"
    assert len(outcome.dead) == 2


def test_a_log_that_takes_no_result_keeps_no_key_alive():
    world = World()
    book = Book(world.exchange, A1=3)
    append = world.audit.append

    def refusing(stream, type_, body, **rest):
        if type_ == "orders.cancel_result":
            raise StoreError("the disk is full", code="store.full")
        return append(stream, type_, body, **rest)

    world.audit.append = refusing
    outcome = run(world, cancel=True)
    assert book.orders == {"A1": 0}
    assert len(outcome.dead) == 1


def test_without_its_announcement_nothing_is_cancelled():
    world = World()
    book = Book(world.exchange, A1=3)
    world.audit.broken = True
    with pytest.raises(StoreError):
        run(world, cancel=True)
    assert (book.calls, book.orders) == ([], {"A1": 3})


def test_what_came_of_it_is_said_in_words():
    world = World()
    book = Book(world.exchange, A1=3)
    outcome = run(world, cancel=True)
    assert words(outcome.cancellations[0]) == (
        "3 open orders of account A1 are cancelled",
        "may be left: stop orders",
    )
    assert exit_status(outcome) == 0
    world = World()
    book = Book(world.exchange, A1=3)
    book.answer = lambda: Reply(403, {}, b'{"code": "1003"}')
    outcome = run(world, cancel=True)
    assert words(outcome.cancellations[0]) == (
        "open orders of account A1 are not known to be cancelled",
        "examplex refused",
    )
    assert exit_status(outcome) == 1, "a person has to cancel them"


def test_a_venue_that_hangs_is_left_behind_at_the_bound():
    world = World()
    book = Book(world.exchange, A1=3)
    asked, over = threading.Event(), threading.Event()

    def hang():
        asked.set()
        over.wait()

    book.answer = hang
    try:
        outcome = run(world, cancel=True, bound_s=0)
    finally:
        over.set()
    (one,) = outcome.cancellations
    assert not one.done
    assert one.error.code in ("orders.unknown", "orders.not_sent")
    assert isinstance(one.error, OutcomeUnknown) == (one.error.code == "orders.unknown")
    assert len(outcome.dead) == 1


def test_a_second_key_that_hangs_leaves_an_open_outcome_not_the_refusal_of_the_first():
    world = World()
    book = Book(world.exchange, A1=3)
    add(world, "second")
    hanging, over = threading.Event(), threading.Event()

    def refuse_then_hang():
        if len(book.calls) == 1:
            return Reply(403, {}, b'{"code": "1003"}')
        hanging.set()
        over.wait()
        return None

    book.answer = refuse_then_hang
    holders = [
        Holder(one.key, one.version, one.scopes, "A1") for one in panic.targets(world.ports, desk="desk")
    ]
    attempt = cancel_orders._Attempt(world.ports, cancel_orders.plan(world.ports, "examplex", holders)[0])
    running = threading.Thread(target=attempt.run)
    running.start()
    try:
        assert hanging.wait(60)
        attempt.leave()
        _, done, _, error = attempt.outcome(3)
    finally:
        over.set()
        running.join(60)
    assert (done, error.code) == (False, "orders.unknown")
    assert attempt.outcome(3)[1] is False, "what comes back later is not heard"


def test_a_venue_without_such_a_call_is_said_before_anything_happens():
    world = World()
    (one,) = panic.cancellations(world.ports, panic.targets(world.ports, desk="desk"))
    assert one.error.code == "orders.not_offered"
    assert world.exchange.adapter.facts.key_page in one.error.hint
    outcome = run(world, cancel=True)
    assert world.audit.bodies("orders.cancel") == []
    assert len(outcome.dead) == 1


def test_two_venues_do_not_wait_for_each_other():
    world = World()
    other = FakeExchange(world.clock, name="bybit")
    world.gateway = FakeGateway(world.exchange, other)
    book, far = Book(world.exchange, A1=1), Book(other, A1=1)
    made = other.make("far", ["view", "trade"], IPS)
    enrol(world.ports, Declared("bybit", "desk", "far", "kim"), made)
    together = threading.Barrier(2)
    book.answer = far.answer = lambda: together.wait(60) < 0 or None
    outcome = run(world, cancel=True)
    assert [one.done for one in outcome.cancellations] == [True, True]


def test_nothing_else_in_the_product_cancels_orders():
    """One file drives `cancel_all`, one calls that file, and one names its effect."""
    drives, imports, effects = set(), set(), set()
    for path in PRODUCT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "cancel_all":
                drives.add(path.relative_to(PRODUCT).as_posix())
            if isinstance(node, ast.Attribute) and node.attr == "ORDERS_CANCELLED":
                effects.add(path.relative_to(PRODUCT).as_posix())
            if isinstance(node, ast.ImportFrom) and (
                (node.module or "").endswith("cancel_orders")
                or any(alias.name == "cancel_orders" for alias in node.names)
            ):
                imports.add(path.relative_to(PRODUCT).as_posix())
    assert drives == {"workflows/cancel_orders.py"}
    assert imports == {"workflows/panic.py", "cli/commands/panic.py", "cli/panic_words.py"}
    assert effects == {"workflows/cancel_orders.py"}
