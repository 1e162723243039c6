from __future__ import annotations

import io
import json
import os
import pty
import sys
from dataclasses import replace

import pytest

from keyguard.cli.person import TerminalPerson, speaks_korean
from keyguard.core.errors import UsageError
from keyguard.core.exchange import Ask, Guide

KEY, SECRET = "FAKE" + "k" * 14, "FAKE" + "s" * 32
GUIDE = Guide("https://v.test/keys", "make a \x1b[1mkey", ("press Create", "choose\u202e read"))


class Said:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def talk(self, text: str) -> None:
        self.lines.append(text)


def piped(content: str | bytes) -> tuple[TerminalPerson, Said]:
    said = Said()
    data = content if isinstance(content, bytes) else content.encode()
    return TerminalPerson(said, io.BytesIO(data), interactive=False), said


def at_terminal(hidden: list[str], typed: str = "") -> tuple[TerminalPerson, Said]:
    said, left = Said(), iter(hidden)

    def hidden_line() -> str:
        line = next(left, None)
        if line is None:
            raise EOFError
        return line

    person = TerminalPerson(said, io.BytesIO(typed.encode()), interactive=True, hidden_line=hidden_line)
    return person, said


def test_lines_of_a_program_in_order() -> None:
    credential = json.dumps({"key": KEY, "secret": SECRET})
    person, said = piped(f"{credential}\ndone\n 123456 \n")
    made = person.new_credential("v", GUIDE)
    assert (made.key, made.secret.reveal()) == (KEY, SECRET)
    person.confirm("v", GUIDE)
    assert person.answer(Ask("totp", "the code")) == "123456"
    assert not any("FAKE" in line for line in said.lines)


def test_a_guide_has_numbered_steps_and_no_foreign_control() -> None:
    person, said = piped("done\n")
    person.confirm("v", GUIDE)
    assert said.lines[:4] == [
        "v: make a \\x1b[1mkey",
        "open https://v.test/keys",
        "  1. press Create",
        "  2. choose\\u202e read",
    ]


KOREAN = replace(GUIDE, korean=("발급을 누릅니다", "조회를 고릅니다\u202e"))


@pytest.mark.parametrize(("korean", "first"), [(True, "  1. 발급을 누릅니다"), (False, "  1. press Create")])
def test_the_steps_are_in_the_language_of_the_person(korean: bool, first: str) -> None:
    said = Said()
    TerminalPerson(said, io.BytesIO(b"done\n"), interactive=False, korean=korean).confirm("v", KOREAN)
    assert said.lines[2] == first
    assert "\u202e" not in "".join(said.lines)


def test_a_guide_without_korean_is_shown_as_it_is() -> None:
    said = Said()
    TerminalPerson(said, io.BytesIO(b"done\n"), interactive=False, korean=True).confirm("v", GUIDE)
    assert said.lines[2] == "  1. press Create"


@pytest.mark.parametrize(
    ("environment", "korean"),
    [
        ({}, False),
        ({"LANG": "ko_KR.UTF-8"}, True),
        ({"LANG": "ko"}, True),
        ({"LC_MESSAGES": "ko-KR", "LANG": "en_GB.UTF-8"}, True),
        ({"LC_ALL": "KO.utf8", "LC_MESSAGES": "en_GB.UTF-8"}, True),
        ({"LC_ALL": "", "LANG": "ko_KR.UTF-8"}, True),
        ({"LC_ALL": "C", "LANG": "ko_KR.UTF-8"}, False),
        ({"LANG": "kok_IN.UTF-8"}, False),
        ({"LANG": "en_KO"}, False),
    ],
)
def test_the_locale_says_who_reads_korean(environment: dict[str, str], korean: bool) -> None:
    assert speaks_korean(environment) is korean


@pytest.mark.parametrize("content", [b"", b"no\n", b"\n", b"x" * 70_000, b"\xff\n"])
def test_where_nobody_answers_the_workflow_can_be_resumed(content: bytes) -> None:
    person, _ = piped(content)
    with pytest.raises(UsageError) as caught:
        person.confirm("v", GUIDE)
    assert caught.value.code == "person.needed"
    assert "keyguard workflow resume" in caught.value.hint


def test_the_end_of_input_is_not_a_credential() -> None:
    for person, _ in (piped(""), at_terminal([]), at_terminal([KEY])):
        with pytest.raises(UsageError) as caught:
            person.new_credential("v", GUIDE)
        assert caught.value.code == "person.needed"
    with pytest.raises(UsageError):
        piped("\n")[0].answer(Ask("totp", "the code"))


def test_a_line_that_is_no_credential_is_refused_unseen() -> None:
    with pytest.raises(UsageError) as caught:
        piped(f"{SECRET}\n")[0].new_credential("v", GUIDE)
    assert "FAKE" not in repr(caught.value.__dict__)


def test_at_the_terminal_parts_are_asked_for_and_not_shown() -> None:
    person, said = at_terminal([f" {KEY} ", SECRET])
    made = person.new_credential("v", GUIDE)
    assert (made.key, made.secret.reveal()) == (KEY, SECRET)
    assert "     taken: 36 characters" in said.lines
    assert not any("FAKE" in line for line in said.lines)


def test_a_passphrase_is_asked_for_where_the_venue_has_one() -> None:
    person, said = at_terminal([KEY, SECRET, "FAKEpass"])
    made = person.new_credential("v", replace(GUIDE, parts=("key", "secret", "passphrase")))
    assert made.passphrase is not None and made.passphrase.reveal() == "FAKEpass"
    assert not any("FAKE" in line for line in said.lines)


def test_a_private_key_is_pasted_with_all_its_lines() -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = ed25519.Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    person, _ = at_terminal([KEY, *pem.splitlines()])
    assert person.credential("it", ("key", "secret")).secret.reveal() == pem


def test_only_done_confirms() -> None:
    person, said = at_terminal([], "\nwhat?\nDONE\n")
    person.confirm("v", GUIDE)
    assert said.lines.count("type done when it is done") == 3


def test_a_real_terminal_does_not_show_what_is_typed() -> None:
    program = (
        "import sys\n"
        "from keyguard.cli.person import TerminalPerson, speaks_korean\n"
        "class Said:\n"
        "    def talk(self, text): sys.stderr.write(text + '\\n'); sys.stderr.flush()\n"
        "p = TerminalPerson(Said(), sys.stdin.buffer, interactive=True)\n"
        "c = p.credential('new', ('key', 'secret'))\n"
        "print(len(c.key), len(c.secret), 'got it')\n"
    )
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", program])
    seen = b""
    for prompt, line in ((b"key (not shown)", KEY), (b"secret (not shown)", SECRET)):
        while prompt not in seen:
            seen += os.read(terminal, 4096)
        # The terminal throws away what was typed before its echo was off; the prompt's newline from getpass
        # itself comes after that, so wait for a second line end.
        while not seen.partition(prompt)[2].count(b"\n"):
            seen += os.read(terminal, 4096)
        _wait_until_echo_is_off(terminal)
        os.write(terminal, f"{line}\n".encode())
    while b"got it" not in seen:
        seen += os.read(terminal, 4096)
    os.close(terminal)
    os.waitpid(child, 0)
    assert b"18 36 got it" in seen
    assert b"FAKE" not in seen


def _wait_until_echo_is_off(terminal: int) -> None:
    import termios
    import time

    while termios.tcgetattr(terminal)[3] & termios.ECHO:
        time.sleep(0.01)


def test_tell() -> None:
    person, said = piped("")
    person.tell("created", "at\nv")
    person.tell("stored")
    assert said.lines == ["created: at\\nv", "stored"]


def test_steps_are_ticked_one_by_one_and_the_page_is_shown_once() -> None:
    codes: list[str] = []
    said = Said()
    typed = io.BytesIO(b"\nwhat?\ndone\ndone\n")
    person = TerminalPerson(said, typed, interactive=True, korean=True, show_code=codes.append)
    assert person.tick("v", KOREAN) == 1
    assert person.tick("v", replace(KOREAN, done=1)) == 2
    person.confirm("v", replace(KOREAN, done=2))
    assert said.lines == [
        "v: make a \\x1b[1mkey",
        "open https://v.test/keys",
        "[ ] 1/2  발급을 누릅니다",
        "    Enter when it is done, q to go on later",
        "[ ] 2/2  조회를 고릅니다\\u202e",
        "    Enter when it is done, q to go on later",
        "    Enter when it is done, q to go on later",
        "type done when it is done",
    ]
    assert codes == ["https://v.test/keys"]


def test_a_restart_shows_what_was_ticked_and_the_next_step() -> None:
    person, said = at_terminal([], "q\n")
    with pytest.raises(UsageError, match="left at step 2 of 2") as caught:
        person.tick("v", replace(GUIDE, done=1))
    assert caught.value.code == "person.needed"
    assert "[x] the first 1 of 2 steps are done" in said.lines
    assert "[ ] 2/2  choose\\u202e read" in said.lines
    with pytest.raises(UsageError):
        at_terminal([], "")[0].tick("v", GUIDE)


def test_a_program_ticks_nothing_and_sees_each_step_once() -> None:
    person, said = piped("done\n")
    done = person.tick("v", GUIDE)
    person.confirm("v", replace(GUIDE, done=done))
    assert [line for line in said.lines if "press Create" in line] == ["  1. press Create"]


def test_all_done_in_an_earlier_run_shows_the_page_again() -> None:
    person, said = at_terminal([KEY, SECRET])
    person.new_credential("v", replace(GUIDE, done=2))
    assert said.lines[:2] == ["v: make a \\x1b[1mkey", "open https://v.test/keys"]
    assert not any("press Create" in line for line in said.lines)
