from __future__ import annotations

import pytest

from keyguard.core.errors import BadReply, IntegrityError
from keyguard.core.exchange import Ask, Effect, Request
from keyguard.workflows.operations import Journalled, ask, signed
from tests.fakes.world import World


def two_effects(path="/keys"):
    body = {"label": "x", "grants": ["view"], "account": "A0"}
    first = yield Request("POST", path, body=body, effect=Effect.KEY_CREATED)
    code = yield Ask("totp", "code")
    second = yield Request("GET", "/whoami")
    return first.json["id"], code, second.json["id"]


def setting():
    world = World()
    who = world.exchange.make("m", ["view", "keys"])
    return world, Journalled(world.ports, "w1", "create"), signed(world.ports, "examplex", who)


def test_every_request_is_noted_before_and_sealed_after():
    _, operation, send = setting()
    noted = []

    def watched(request):
        noted.append([(c.method, c.reply is None) for c in operation.calls()])
        return send(request)

    operation.perform(two_effects(), watched)
    assert noted == [[("POST", True)], [("POST", False), ("GET", True)]]
    assert [c.reply is None for c in operation.calls()] == [False, False]
    operation.forget()
    assert operation.calls() == ()


def test_a_replay_sends_nothing_and_asks_nobody():
    world, operation, send = setting()
    made = operation.perform(two_effects(), send)
    sent, asked = len(world.gateway.sent), len(world.person.questions)
    assert operation.replay(two_effects())[::2] == made[::2]
    assert (len(world.gateway.sent), len(world.person.questions)) == (sent, asked)


def test_a_journal_of_another_operation_is_refused():
    _, operation, send = setting()
    operation.perform(two_effects(), send)
    with pytest.raises(IntegrityError, match="does not match"):
        operation.replay(two_effects(path="/other"))


def test_a_replay_needs_every_reply():
    _, operation, _ = setting()
    with pytest.raises(IntegrityError, match="misses a reply"):
        operation.replay(two_effects())


def test_what_only_asks_may_not_change_anything():
    world, _, _ = setting()
    with pytest.raises(IntegrityError, match="only asks"):
        ask(world.ports, "examplex", two_effects(), world.old)
    assert world.gateway.effects == 0


def test_an_unreadable_answer_before_any_effect_is_just_that():
    _, operation, send = setting()

    def harmless():
        reply = yield Request("GET", "/whoami")
        return reply.json["nothing"]

    with pytest.raises(BadReply):
        operation.perform(harmless(), send)
