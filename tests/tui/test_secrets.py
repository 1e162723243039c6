"""What is typed into a masked field reaches nothing but the work that asked: looked for as thieves would."""

from __future__ import annotations

import asyncio
import base64
import logging
import traceback

import pytest
from textual.events import Paste

from keyguard.core.secret import Secret
from keyguard.tui import serve
from keyguard.tui.widgets.paste import PasteField
from tests.tui.exports import Office, filled
from tests.tui.harness import PATIENCE
from tests.tui.working import Bench

SECRET = "FAKE" + "officer7" * 2
CODED = base64.b64encode(SECRET.encode()).decode()


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


async def asked(bench: Bench) -> PasteField:
    """The officer's passphrase is asked for and was pasted, not taken yet."""
    await bench.press("e")
    await filled(bench)
    assert (await bench.settled()).question is not None
    assert isinstance(bench.app.focused, PasteField)
    await bench.paste(SECRET)
    assert not bench.app.focused.empty
    return bench.app.focused


def test_no_key_action_picture_or_clipboard_has_the_officers_passphrase(tmp_path, monkeypatch) -> None:
    office = Office(tmp_path)

    async def flow(bench: Bench) -> None:
        app, sent = bench.app, []
        monkeypatch.setattr(app._driver, "write", sent.append)
        field = await asked(bench)
        await bench.press(
            "ctrl+c", "ctrl+x", "ctrl+insert", "shift+delete", "super+c", "ctrl+a", "tab", "shift+tab"
        )
        for active in list(app.screen.active_bindings.values()):
            if active.binding.action.startswith(("screen.", "copy", "cut", "select")):
                await app.run_action(active.binding.action, active.node)
        app.copy_to_clipboard(field)
        app.screen.text_select_all()
        job = bench.work.jobs[-1]
        places = [
            app.clipboard,
            app.screen.get_selected_text() or "",
            app.export_screenshot(),
            "".join(bench.seen()),
            "".join(sent),
            app.title + app.sub_title,
            repr((app, app.screen, field, job.view, app.screen.query_one("#job"), Paste)),
            repr(list(app._notifications)),
        ]
        for text in places:
            assert SECRET not in text
            assert CODED not in text
        await bench.press("ctrl+p")
        for word in ("screenshot", "inspect", "devtools", "copy text", "suspend"):
            await bench.type(word)
            assert not app.screen.query_one("#offered").chosen, word
            await bench.press("ctrl+u")
        await bench.press("escape")
        await bench.press("ctrl+l")
        assert bench.app.locked
        assert not bench.sees("upbit")
        await bench.press("enter")  # this store has no passphrase
        assert app.focused is field
        assert not field.empty
        job.stop()  # whatever ends the question empties the field
        await bench.settled()
        assert field.empty

    office.run(flow)


def test_a_crash_tells_no_passphrase(tmp_path, capfd, monkeypatch) -> None:
    office = Office(tmp_path)

    async def flow(bench: Bench) -> None:
        field = await asked(bench)

        def broken(*_: object) -> None:
            held = Secret(SECRET).reveal()  # a local variable, as those of a traceback that shows them
            raise ValueError(len(held))

        monkeypatch.setattr(PasteField, "on_paste", broken)
        field.post_message(Paste(SECRET))
        for _ in range(PATIENCE):
            if bench.app.broke is not None:
                return
            await asyncio.sleep(0.01)

    with pytest.raises(ValueError, match="20") as error:
        office.run(flow)
    told = capfd.readouterr()
    assert SECRET not in told.out + told.err
    assert "held = " not in told.out + told.err
    assert SECRET not in "".join(traceback.format_exception(error.value))


def test_pythons_development_mode_logs_no_event(tmp_path, caplog) -> None:
    office = Office(tmp_path)

    async def flow(bench: Bench) -> None:
        asyncio.get_running_loop().slow_callback_duration = 0  # all are slow
        with caplog.at_level(logging.DEBUG):
            field = await asked(bench)
            # As the thread that reads the terminal hands it over.
            await asyncio.to_thread(field.post_message, Paste(SECRET))
            await bench.pilot.pause()
        assert "officer" not in caplog.text  # it shortens what it quotes
        bench.work.jobs[-1].stop()

    office.run(flow, debug=True)


def test_what_serves_a_browser_is_given_nothing_that_unlocks(tmp_path, monkeypatch) -> None:
    for name in (
        "KEYGUARD_PASSPHRASE_FILE",
        "CREDENTIALS_DIRECTORY",
        "KEYGUARD_HOME",
        "BYBIT_API_SECRET",
        "TEXTUAL_LOG",
    ):
        monkeypatch.setenv(name, SECRET)
    assert SECRET not in repr(serve._environment((80, 24)))
    words = serve.command(tmp_path, language="en", theme="dark")
    assert "--read-only" in words
    assert not any("passphrase" in word or "token" in word for word in words)
