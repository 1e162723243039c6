"""Watched folders: a leak becomes a finding and an alert, and nothing of its value is kept."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keyguard.core.findings import Kind, State
from keyguard.core.keys import Origin, VersionStatus
from keyguard.core.policy import Level
from keyguard.daemon.leaks import Leaks, item
from keyguard.scanner.engine import Engine
from keyguard.workflows import findings
from tests.fakes.world import World
from tests.unit.scanner.leaks import bybit, env

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("watchdog")


class Begun(logging.Handler):
    """Waits for the word that a folder is watched."""

    def __init__(self) -> None:
        super().__init__()
        self.event = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("watching "):
            self.event.set()


@pytest.fixture
def begun() -> Iterator[threading.Event]:
    logger, handler = logging.getLogger("keyguard.daemon.leaks"), Begun()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.event
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_a_file_that_is_saved_with_a_key_in_it(tmp_path: Path, begun: threading.Event) -> None:
    world, told = World(), threading.Event()
    leaks = Leaks(world.ports, (str(tmp_path),), told.set)
    leaks.watch()
    leaks.watch()
    assert begun.wait(60)
    parts = bybit(901)
    (tmp_path / "bot.env").write_text(env("bybit", *parts))
    assert told.wait(60)
    leaks.stop()
    (finding,) = findings.open_now(world.ports)
    assert (finding.item.kind, finding.item.level) == (Kind.LEAK, Level.HIGH)
    assert finding.item.origin is Origin.INFERRED
    assert finding.item.subject == str(tmp_path / "bot.env")
    assert finding.item.command == f"keyguard scan {tmp_path / 'bot.env'}"
    for part in parts:
        assert part not in repr(world.findings.all())


def test_a_folder_that_is_not_there_is_said_once_and_tried_again(
    tmp_path: Path, begun: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    folder = tmp_path / "later"
    leaks = Leaks(world.ports, (str(folder),), lambda: None)
    leaks.watch()
    leaks.watch()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    folder.mkdir()
    leaks.watch()
    assert begun.wait(60)
    leaks.stop()


def test_what_the_project_accepts_is_no_finding(tmp_path: Path, begun: threading.Event) -> None:
    world, told = World(), threading.Event()
    (tmp_path / ".gitleaks.toml").write_text("[allowlist]\npaths = ['accepted[.]env']\n")
    leaks = Leaks(world.ports, (str(tmp_path),), told.set)
    leaks.watch()
    assert begun.wait(60)
    (tmp_path / "accepted.env").write_text(env("bybit", *bybit(902)))
    (tmp_path / "other.env").write_text(env("bybit", *bybit(903)))
    assert told.wait(60)
    leaks.stop()
    assert {one.item.subject for one in findings.open_now(world.ports)} == {str(tmp_path / "other.env")}


def test_our_own_key_names_itself_and_is_over_with_its_rotation() -> None:
    world = World(with_manager=False)
    key, secret = bybit(904)
    (found,) = Engine().scan(env("bybit", key, secret).encode(), "bot.env")
    version = replace(world.inventory.live_version(world.key.id), public_id=key)
    world.inventory._versions[version.id] = version
    world.inventory._keys[world.key.id] = replace(world.key, venue="bybit")
    leaked = item(world.ports, found)
    assert leaked.command == "keyguard key rotate bybit/desk/bot --reason leak"
    assert "it is bybit/desk/bot, version 1 (live)" in leaked.text
    findings.keep(world.ports, [leaked])
    world.inventory._keys[world.key.id] = world.key
    world.inventory.set_status(version.id, VersionStatus.DEAD)
    findings.refresh(world.ports)
    assert [finding.state for finding in world.findings.all()] == [State.ROTATED]


def test_a_retired_version_may_work_still_so_its_leak_stays() -> None:
    world = World(with_manager=False)
    key, secret = bybit(905)
    (found,) = Engine().scan(env("bybit", key, secret).encode(), "bot.env")
    version = world.inventory.live_version(world.key.id)
    world.inventory._versions[version.id] = replace(version, public_id=key, status=VersionStatus.RETIRED)
    world.inventory._keys[world.key.id] = replace(world.key, venue="bybit")
    leaked = item(world.ports, found)
    assert (leaked.command, leaked.version) == ("keyguard key show bybit/desk/bot", "")


def test_what_could_be_guessed_from_its_fingerprint_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = Engine().scan(env("bybit", *bybit(906)).encode(), "bot.env")
    assert item(World().ports, found).detail == found.fingerprint
    monkeypatch.setattr("keyguard.daemon.leaks.guessable", lambda _: True)
    assert item(World().ports, found).detail == f"{found.parts[0].rule}:{found.parts[0].place.line}"
