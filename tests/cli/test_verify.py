"""How `--verify` reads a venue's answer, and how slowly it asks: fakes only."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from keyguard.cli import verifying
from keyguard.core.errors import KeyguardError, Refused, Unreachable
from keyguard.core.exchange import Fault, KeyReport, NonceKind
from keyguard.core.findings import Kind
from keyguard.core.keys import Origin
from keyguard.core.secret import Secret
from keyguard.scanner.findings import Finding, Part, Place, Severity
from keyguard.workflows.foreign_leak import ForeignLeak, answer
from tests.fakes.world import World


class Told:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def talk(self, text: str) -> None:
        self.lines.append(text)


def finding(key: str, secret: str, venue: str = "examplex") -> Finding:
    place = Place("a", 1, 1, 1, 2, 0, 1)
    parts = (Part("secret", Secret(secret), place, "r"), Part("key", Secret(key), place, "r"))
    return Finding("r", "t", venue, Severity.CRITICAL, parts, "f" * 32)


@pytest.fixture
def world() -> World:
    return World()


def asking(world: World, *, nonces: bool = False) -> tuple[Any, Told]:
    told = Told()
    return verifying._Asking(world.ports, told, nonces=nonces), told  # type: ignore[arg-type]  # a fake Output


def own(world: World) -> Finding:
    return finding(world.old.key, world.old.secret.reveal())


def refusing(world: World, monkeypatch: pytest.MonkeyPatch, error: Exception) -> str:
    def send(*_: object) -> None:
        raise error

    monkeypatch.setattr(world.gateway, "send", send)
    verdict = asking(world)[0].about(own(world))
    return f"{verdict.state} {verdict.origin}"


def test_alive(world: World) -> None:
    verdict = asking(world)[0].about(own(world))
    assert (verdict.state, verdict.origin) == ("alive", "reported")
    assert verdict.can == ("read", "trade_spot")
    assert not verdict.simulated


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault.KEY_UNKNOWN, "dead reported"),
        (Fault.KEY_EXPIRED, "dead reported"),
        (Fault.KEY_DISABLED, "dead reported"),
        (Fault.IP, "alive inferred"),
        (Fault.SCOPE, "alive inferred"),
        (Fault.SIGNATURE, "refused inferred"),
        (Fault.AMBIGUOUS, "refused inferred"),
        (Fault.BUSY, "unknown unknown"),
        (Fault.RATE, "unknown unknown"),
    ],
)
def test_what_a_refusal_means(world: World, monkeypatch: pytest.MonkeyPatch, fault: Fault, told: str) -> None:
    assert refusing(world, monkeypatch, Refused("no", fault=fault)) == told


def test_no_answer_is_no_verdict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusing(world, monkeypatch, Unreachable("no answer", code="x")) == "unknown unknown"


def test_a_venue_that_quotes_what_it_was_sent_is_not_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(*_: object) -> None:
        raise Refused(f"no key {world.old.key} with {world.old.secret.reveal()}", fault=Fault.KEY_UNKNOWN)

    monkeypatch.setattr(world.gateway, "send", send)
    words = asking(world)[0].about(own(world)).words
    assert words.startswith("no key … with …;")
    assert world.old.key not in words


def test_whatever_goes_wrong_the_scan_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusing(world, monkeypatch, KeyguardError("the clock is wrong", code="x")) == "unknown unknown"


def test_a_venue_without_an_adapter_is_not_asked(world: World) -> None:
    verdict = asking(world)[0].about(finding("k", "s" * 30, venue="nowhere"))
    assert verdict.state == "unasked"


def test_one_question_a_second_and_an_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, _ = asking(world)
    before = world.clock.now()
    for _ in range(3):
        ask.about(own(world))
    assert (world.clock.now() - before).total_seconds() >= 2 * verifying.PAUSE_S
    monkeypatch.setattr(verifying, "MOST", 3)
    assert ask.about(own(world)).state == "unasked"
    assert len([sent for sent in world.gateway.sent if sent[1] == "/whoami"]) >= 3


def test_nonces_in_order_are_asked_only_on_demand_and_said(world: World) -> None:
    adapter = world.exchange.adapter
    world.exchange.adapter = dataclasses.replace(
        adapter, facts=dataclasses.replace(adapter.facts, nonce=NonceKind.COUNTER)
    )
    sent = len(world.gateway.sent)
    verdict = asking(world)[0].about(own(world))
    assert verdict.state == "unasked"
    assert "disturb a program" in verdict.words
    assert len(world.gateway.sent) == sent
    ask, told = asking(world, nonces=True)
    assert ask.about(own(world)).state == "alive"
    assert "wants nonces in order" in told.lines[0]


def test_a_pair_that_is_alive_and_nobodys_is_noted_and_its_end_is_told(world: World) -> None:
    stranger = world.exchange.make("stranger", ["view"])
    world.clock.sleep(60)
    ask, told = asking(world)
    for _ in range(2):
        assert ask.about(finding(stranger.key, stranger.secret.reveal())).state == "alive"
    (found,) = world.findings.all()
    assert (found.item.kind, found.item.subject) == (Kind.LEAK, "a")
    assert "nobody has registered it" in found.item.text
    text = "\n".join(told.lines)
    assert "1. " in text
    assert stranger.key not in text
    assert stranger.secret.reveal() not in text + str(found)


def test_of_a_key_of_ours_nothing_more_is_said_and_nothing_noted(world: World) -> None:
    ask, told = asking(world)
    assert ask.about(own(world)).state == "alive"
    assert (told.lines, world.findings.all()) == ([], ())


def test_its_incident_is_opened_with_the_venues_steps(world: World) -> None:
    opened: list[tuple[str, str]] = []
    leak = ForeignLeak("examplex", "FAKEstranger", "a", "t", "f" * 32, Origin.REPORTED)
    answer(world.ports, leak, lambda _, of, guide: opened.append((of.fingerprint, guide.page)))
    assert opened == [("f" * 32, world.exchange.adapter.guide_delete(KeyReport("x")).page)]
