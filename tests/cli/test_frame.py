"""The edge of every command: help, names, exit statuses, three lines."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from keyguard import __version__
from keyguard.cli import frame
from keyguard.cli.catalogue import COMMANDS
from keyguard.cli.main import main
from keyguard.cli.output import Output
from keyguard.core.errors import OutcomeUnknown


class Broken:
    """A command with a bug in it."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        pass

    def run(self, args: argparse.Namespace, out: object) -> int:
        raise self.error


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"keyguard {__version__}\n"


def test_help_lists_what_works_and_nothing_that_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in COMMANDS)


def test_nothing_at_all_shows_help_and_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: keyguard" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*name.split(), "--help"])
    assert ended.value.code == 0
    assert f"keyguard {name.split()[0]}" in capsys.readouterr().out.split("example:")[1]


def test_a_group_alone_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key"]) == 0
    assert "keyguard key rotate" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["kye", "list"], ["key", "roatte"], ["scann"]])
def test_an_unknown_command_names_the_nearest(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "did you mean" in capsys.readouterr().err


def test_wrong_arguments_are_wrong_use_in_our_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "show"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("keyguard: error: ")
    assert len(told.splitlines()) <= 3


def test_an_error_is_three_lines_and_its_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OutcomeUnknown("it may have happened", code="x", still="the old key works", hint="resume")
    monkeypatch.setattr(frame, "load", lambda name: Broken(error))
    assert main(["scan"]) == 5
    assert capsys.readouterr().err.splitlines() == [
        "keyguard: error: it may have happened",
        "keyguard: the old key works",
        "keyguard: hint: resume",
    ]


def test_an_error_with_json_is_one_document(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OutcomeUnknown("it may have happened", code="rotation.unknown")
    monkeypatch.setattr(frame, "load", lambda name: Broken(error))
    assert main(["--json", "scan"]) == 5
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "rotation.unknown"


def test_a_bug_is_named_by_place_and_never_quotes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "load", lambda name: Broken(KeyError("SECRET-in-a-key-error")))
    assert main(["scan"]) == 70
    told = capsys.readouterr()
    assert "KeyError at test_frame.py" in told.err
    assert "SECRET" not in told.err + told.out


def test_interrupted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "load", lambda name: Broken(KeyboardInterrupt()))
    assert main(["scan"]) == 130


def test_a_line_break_from_outside_begins_no_line_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = "a.env\nkeyguard: error: \x1b[31mcall +1 900 555"
    error = OutcomeUnknown(f"{forged} is malformed", code="x", still=forged, hint=forged)
    monkeypatch.setattr(frame, "load", lambda name: Broken(error))
    assert main(["scan"]) == 5
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 3
    assert "a.env\\nkeyguard: error: \\x1b[31m" in told


def test_one_line_of_output_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output()
    out.data("pid 1 (bot\nall keys are fine)")
    out.talk("a\u2028b\rc\nd")
    out.table(("purpose",), [("x\ny",)])
    told = capsys.readouterr()
    assert told.out.splitlines() == ["pid 1 (bot\\nall keys are fine)", "purpose", "x\\ny"]
    assert len(told.err.splitlines()) == 1


SECRET = "FAKE" + "pMIE9aJD8AQWOYtXGpcnvM843025c7uB"


@pytest.mark.parametrize(
    "words",
    [
        f"key add bybit --label l --desk d {SECRET}",
        f"key add bybit --label l --desk d --secret {SECRET}",
        f"key add bybit --label l --desk d --secret={SECRET}",
        "key add bybit --label l --desk d --secret hunter2",
        f"run bot --as {SECRET} -- true",
        f"scan --max-size {SECRET}",
        f"key rotate bot --overlap {SECRET}",
        f"key rotate bot --needs={SECRET}",
        f"rules show {SECRET}",
        f"{SECRET} list",
    ],
)
def test_a_secret_that_was_typed_as_an_argument_is_not_repeated(
    words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["--home", str(tmp_path), *words.split()]) == 2
    told = capsys.readouterr()
    assert SECRET not in told.err + told.out
    assert "hunter2" not in told.err + told.out
    assert "--secret=" not in told.err


def test_typing_errors_are_still_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "show", "--verbose", "bot"]) == 2
    assert "--verbose" in capsys.readouterr().err
    assert main(["rules", "show", "bybit.sceret"]) == 2
    assert "bybit.sceret" in capsys.readouterr().err
