"""The one place that reads: what changed, what is gone, and that it comes back by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import pytest

from keyguard import __version__, wiring
from keyguard.cli.main import main
from keyguard.core.errors import StoreError
from keyguard.core.findings import Kind
from keyguard.core.policy import Level
from keyguard.core.secret import Secret
from keyguard.home import Config, Home
from keyguard.tui import run
from keyguard.tui.picture import DaemonState, DaemonView
from keyguard.tui.source import Source
from keyguard.workflows import trust_file
from keyguard.workflows.begin import Firm, begin
from keyguard.workflows.seal import make_seal
from tests.tui.desk import HOME, RUNNING, desk
from tests.tui.harness import seated, source

PASSPHRASE = Secret("FAKE passphrase for a home")


def test_nothing_is_read_again_while_nothing_changed_and_time_is_short() -> None:
    async def whole() -> None:
        held = desk()
        reads = source(held)
        first = (await reads.look()).picture
        held.clock.sleep(30)
        assert (await reads.look()).picture is first
        held.clock.sleep(30)
        second = (await reads.look()).picture
        assert second is not first
        held.finding(Kind.LEAK, Level.HIGH, "a.py:1", "a secret", "keyguard key list")
        assert len((await reads.look()).picture.findings) == len(second.findings) + 1
        reads.close()

    asyncio.run(whole())


def test_looking_writes_nothing() -> None:
    async def whole() -> None:
        held = desk()
        before = (repr(vars(held.findings)), held.audit.types())
        reads = source(held)
        await reads.look()
        reads.close()
        assert (repr(vars(held.findings)), held.audit.types()) == before

    asyncio.run(whole())


def test_a_database_that_is_gone_is_said_and_what_was_read_stays_until_it_is_back() -> None:
    async def whole() -> None:
        held, gone = desk(), []

        def opening():
            if gone:
                raise StoreError("there is no database", code="database.missing", hint="keyguard doctor")
            return contextlib.nullcontext(held.ports)

        reads = Source(opening, lambda: HOME, lambda: RUNNING, lambda: bool(gone))
        async with seated(held, of=reads) as seat:
            gone.append(True)
            await seat.look()
            assert seat.sees("there is no database")
            assert seat.sees("bybit/mm/bot")
            gone.clear()
            await seat.look()
            assert not seat.sees("there is no database")

    asyncio.run(whole())


@pytest.mark.parametrize(
    "state", [s for s in DaemonState if s not in (DaemonState.UNASKED, DaemonState.RUNNING)]
)
def test_how_the_daemon_does_is_said_on_every_screen(state: DaemonState) -> None:
    async def whole() -> None:
        held, daemon = desk(), [DaemonView(state, "9.9", why="its reason")]
        reads = Source(lambda: contextlib.nullcontext(held.ports), lambda: HOME, lambda: daemon[0])
        async with seated(held, of=reads) as seat:
            said = seat.app.say(
                f"shell.notice_{state.value}", version="9.9", ours=__version__, why="its reason"
            )
            assert seat.sees(said[:60])
            await seat.press("2")
            assert seat.sees(said[:60])
            daemon[0] = RUNNING
            await seat.look()
            assert not seat.sees(said[:60])

    asyncio.run(whole())


@pytest.fixture
def home(tmp_path) -> Home:
    made = Home(tmp_path / "home")
    wiring.create(made, Config("tui", "file", firm={"name_latin": "Desk"}), lambda: PASSPHRASE)
    return made


def test_a_real_home_is_read_without_its_passphrase_and_its_database_may_be_replaced(home: Home) -> None:
    async def whole() -> None:
        reads = run.source(home)
        look = await reads.look()
        assert (look.trouble, look.picture.firm, look.picture.keys) == (None, "Desk", ())
        kept = home.database_file.with_suffix(".kept")
        home.database_file.rename(kept)
        assert (await reads.look()).trouble.code == "database.missing"
        kept.rename(home.database_file)
        assert (await reads.look()).trouble is None
        assert (await reads.daemon()).state is DaemonState.ABSENT
        assert await reads.opens(PASSPHRASE)
        assert not await reads.opens(Secret("FAKE other"))
        reads.close()

    asyncio.run(whole())


def test_a_passphrase_file_opens_the_store_for_what_is_done_here(home: Home, tmp_path) -> None:
    file = tmp_path / "passphrase"
    file.touch(mode=0o600)
    file.write_text(PASSPHRASE.reveal())
    asking, opened = run.work(home), run.work(home, str(file))
    job = asking.begin("names", "names", "x", lambda doing: doing.ports.secrets.names())
    assert job.settle().question is not None
    asking.close()
    job = opened.begin("seal", "seal", "x", lambda doing: begin_and_seal(doing.ports))
    assert job.wait(), job.view
    assert job.view.trouble is None
    assert (run.panicking(home).asks(), run.panicking(home, str(file)).asks()) == (True, False)
    opened.close()


def begin_and_seal(ports) -> None:
    begin(ports, Firm(name_latin="Desk"), tool_version="0")
    make_seal(ports)


def test_who_only_looks_has_the_keys_that_attestations_are_checked_with(home: Home) -> None:
    with wiring.opened(home, lambda: PASSPHRASE, run._Nobody()) as ports:
        begin_and_seal(ports)

    async def whole() -> None:
        reads = run.source(home, read_only=True)
        keys = await reads.ask(trust_file.pinned)
        reads.close()
        assert keys["logs"][0]["vkey"].startswith(keys["logs"][0]["origin"])

    asyncio.run(whole())


def test_the_command_hands_the_passphrase_file_and_the_officers_key_on(home: Home, monkeypatch) -> None:
    told = {}
    monkeypatch.setattr(run, "run", lambda _, **options: told.update(options))
    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    words = ["--home", str(home.path), "--passphrase-file", "F", "tui", "--signer", "kim.attester"]
    assert main(words) == 0
    assert (told["passphrase_file"], told["signer"]) == ("F", "kim.attester")


def test_variables_that_would_write_events_to_a_file_are_taken_away(monkeypatch) -> None:
    for name in [name for name in os.environ if name.startswith("TEXTUAL")]:
        monkeypatch.delenv(name)  # the test runner's own: it wants them back
    for name in ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DRIVER", "TEXTUAL_SCREENSHOT", "TEXTUAL_ANIMATIONS"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    run.disarm()
    assert "PYTHONASYNCIODEBUG" not in os.environ
    assert {name for name in os.environ if name.startswith("TEXTUAL")} == {"TEXTUAL_ANIMATIONS"}
    monkeypatch.setenv("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    run.disarm()
    assert "TEXTUAL_DRIVER" in os.environ


def test_without_a_terminal_it_says_what_to_use_instead(capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["keyguard"])
    assert main(["tui", "--demo"]) == 2
    assert "keyguard attention" in capsys.readouterr().err
