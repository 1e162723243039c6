from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, IntegrityError
from keyguard.core.exchange import Ask, Effect, Reply, Request
from keyguard.core.secret import Secret
from keyguard.workflows import credentials
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


def draws():
    """An operation that makes a key with a passphrase of our choice."""
    passphrase = yield Ask("new_passphrase", "a new passphrase")
    yield Request("POST", "/keys", effect=Effect.KEY_CREATED)
    return passphrase


def asks(key):
    return (yield Ask("passphrase", "the key's passphrase", key=key))


def done(_):
    return Reply(200, {}, b"{}")


def test_a_drawn_passphrase_is_fresh_and_the_same_when_the_operation_is_run_again():
    world, operation, _ = setting()
    drawn = operation.perform(draws(), done)
    assert operation.replay(draws()) == operation.perform(draws(), done) == drawn
    assert (len(drawn), drawn.isalnum()) == (27, True)
    assert all(any(map(kind, drawn)) for kind in (str.isdigit, str.islower, str.isupper))
    assert world.person.questions == []
    operation.forget()
    assert operation.perform(draws(), done) != drawn


def test_a_passphrase_is_drawn_and_noted_before_the_key_is_made():
    _, operation, _ = setting()

    def watched(_):
        assert [(call.method, call.reply is None) for call in operation.calls()] == [
            ("DRAW", False),
            ("POST", True),
        ]
        return done(_)

    operation.perform(draws(), watched)


def test_a_draw_that_was_not_made_is_missing_from_the_journal():
    _, operation, _ = setting()
    with pytest.raises(IntegrityError, match="misses a reply"):
        operation.replay(draws())


def test_the_passphrase_of_a_key_lost_while_it_was_made_is_the_one_drawn_for_it():
    world, operation, _ = setting()
    drawn = operation.perform(draws(), done)
    assert replace(operation, operation="end").perform(asks("FAKE-lost"), done) == drawn
    assert world.person.questions == []


def test_the_passphrase_of_a_key_of_ours_is_known_and_for_another_a_person_is_asked():
    world, operation, _ = setting()
    ending = replace(operation, operation="end", venue="examplex")
    version = world.inventory.live_version(world.key.id)
    held = replace(credentials.load(world.ports, version), passphrase=Secret("FAKEpassphrase"))
    world.store.items[version.item] = credentials.pack(held)
    operation.perform(draws(), done)  # meant for another key
    assert ending.perform(asks(version.public_id), done) == "FAKEpassphrase"
    assert world.person.questions == []
    operation.forget()
    ending.perform(asks("FAKE-unknown"), done)
    assert [question.key for question in world.person.questions] == ["FAKE-unknown"]
