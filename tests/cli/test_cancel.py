"""A rotation that cannot be proven is not a trap: it can be cancelled, the key rotated or revoked again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from keyguard.cli import session
from keyguard.cli.main import main
from keyguard.ports.all import Ports
from keyguard.workflows.rotate import Options, rotate
from tests.fakes.world import ACTOR, World

WIDE = ["view", "trade", "payout"]
"""What this venue grants, whatever it was asked for."""


def test_a_rotation_that_cannot_be_proven_is_cancelled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World()
    make = world.exchange.make
    monkeypatch.setattr(world.exchange, "make", lambda label, grants, *rest: make(label, WIDE, *rest))
    with pytest.raises(Exception, match="may withdraw too") as caught:
        rotate(world.ports, "bot", Options(), actor=ACTOR, process_alive=world.process_alive)
    advice = caught.value.hint.rpartition("`keyguard ")[2].rstrip("`")  # type: ignore[attr-defined] # KeyguardError

    @contextmanager
    def opened(*_: object) -> Iterator[Ports]:
        yield world.ports

    monkeypatch.setattr(session, "opened", opened)
    assert main(advice.split()) == 0
    assert "rotate is aborted" in capsys.readouterr().out
    assert world.answers(world.old)
    assert [len(world.exchange.working()), main(advice.split())] == [1, 2]
