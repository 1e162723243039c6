"""How `--verify` reads a venue's answer, and how slowly it asks: fakes only."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from keyguard.cli import verifying
from keyguard.core.errors import KeyguardError, Refused, Unreachable
from keyguard.core.exchange import Fault, NonceKind
from keyguard.core.incidents import Kind
from keyguard.core.secret import Secret
from keyguard.scanner.findings import Finding, Part, Place, Severity
from keyguard.scanner.scans import Scan
from keyguard.scanner.work import Work
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


def verified(world: World, monkeypatch: pytest.MonkeyPatch, *found: Finding) -> Told:
    told = Told()

    @contextlib.contextmanager
    def opened(*_: object) -> Iterator[Any]:
        yield world.ports

    monkeypatch.setattr(verifying.session, "opened", opened)
    args = argparse.Namespace(verify_nonces=False)
    verifying.verify(args, told, Scan(found, (), (), Work()))  # type: ignore[arg-type]  # a fake Output
    return told


def test_a_living_key_that_nobody_registered_is_one_incident_with_the_venues_steps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray = world.exchange.make("stray-key-of-somebody", ["view", "trade"])
    found = finding(stray.key, stray.secret.reveal())
    told = verified(world, monkeypatch, found, own(world))
    assert verified(world, monkeypatch, found).lines == told.lines
    (incident,) = world.incidents.open()
    assert (incident.kind, incident.venues, incident.keys) == (Kind.LEAK, ("examplex",), ())
    assert "a:1" in incident.timeline()[1].text
    assert "1. " in incident.timeline()[1].text
    assert incident.id in told.lines[-1]
    (record,) = world.audit.bodies("incident.open")
    assert "read, trade_spot" in record["how"]
    everything = repr(incident) + repr(record) + repr(world.audit.private()) + repr(told.lines)
    assert stray.key not in everything
    assert stray.secret.reveal() not in everything


def test_a_dead_one_is_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stray = world.exchange.make("stray", ["view"])
    world.exchange.remove(stray.key)
    verified(world, monkeypatch, finding(stray.key, stray.secret.reveal()))
    assert world.incidents.all() == ()


def test_the_scan_tells_its_findings_even_if_the_incident_cannot_be_noted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray = world.exchange.make("stray", ["view"])
    world.audit.broken = True
    told = verified(world, monkeypatch, finding(stray.key, stray.secret.reveal()))
    assert "could not be noted" in told.lines[-1]
