"""The person at the terminal, or a program in his place that writes lines to stdin."""

from __future__ import annotations

import getpass
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import BinaryIO, NoReturn, Protocol

from keyguard.core.errors import UsageError
from keyguard.core.escape import escape
from keyguard.core.exchange import Ask, Credential, Guide
from keyguard.intake import stdin_json
from keyguard.intake.credentials import assemble

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
_DONE = "done"
_MAX_LINE = stdin_json.MAX_BYTES
_MAX_PEM_LINES = 400
_PEM_BEGIN, _PEM_END = "-----BEGIN ", "-----END "


def speaks_korean(environment: Mapping[str, str]) -> bool:
    """Whether messages are wanted in Korean: the first of LC_ALL, LC_MESSAGES and LANG that is set tells."""
    wanted = next((value for name in _LOCALE if (value := environment.get(name))), "")
    return wanted[:2].lower() == "ko" and not wanted[2:3].isalpha()  # kok is Konkani


class Output(Protocol):
    """Where words for a person go: stderr."""

    def talk(self, text: str) -> None:
        """Show one line."""
        ...


def _hidden_line() -> str:
    """One line typed at the controlling terminal, not shown. EOFError where there is none."""
    with warnings.catch_warnings():
        # Without a terminal getpass would read with echo after a warning; better not at all.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass("")
        except getpass.GetPassWarning:
            raise EOFError from None


class TerminalPerson:
    """The Person port on a terminal (`interactive`), or on lines of stdin: one JSON object for each new
    credential, `done` to confirm, the answer to a question. `korean`: guides are shown in Korean where they
    have such steps. `show_code` shows a link as a code for a camera, None where none is to be shown."""

    def __init__(
        self,
        output: Output,
        lines: BinaryIO,
        *,
        interactive: bool,
        korean: bool = False,
        hidden_line: Callable[[], str] = _hidden_line,
        show_code: Callable[[str], None] | None = None,
    ) -> None:
        self._korean = korean
        self._output = output
        self._lines = lines
        self._interactive = interactive
        self._hidden_line = hidden_line
        self._show_code = show_code
        self._shown: Guide | None = None

    def tick(self, venue: str, guide: Guide) -> int:
        """Show the next open step and wait for the Enter key; on lines of stdin show all and wait for none.

        UsageError `person.needed` for the letter q and at the end of input.
        """
        if not self._interactive:
            self._show(venue, guide)
            return len(guide.steps)
        self._head(venue, guide)
        steps, left_at = self._steps(guide), guide.done + 1
        self._output.talk(f"[ ] {left_at}/{len(steps)}  {escape(steps[guide.done])}")
        while True:
            self._output.talk("    Enter when it is done, q to go on later")
            line = self._line("a tick").strip().lower()
            if line == "q":
                self._needed(f"left at step {left_at} of {len(steps)}")
            if line in ("", _DONE):
                return left_at

    def new_credential(self, venue: str, guide: Guide) -> Credential:
        """Show the guide and take the new key's parts without echo. UsageError `person.needed` at the end
        of input."""
        self._show(venue, guide)
        return self.credential(f"the new {escape(venue)} key", guide.parts)

    def credential(self, what: str, fields: tuple[str, ...]) -> Credential:
        """Ask for the parts of a credential, or read them as JSON."""
        if not self._interactive:
            return stdin_json.read(self._line(what).encode())
        values = {field: self._hidden(f"{what}: {field.replace('_', ' ')} (not shown)") for field in fields}
        return assemble(values, what)

    def secret(self, what: str) -> str:
        """Ask for one secret without echo; without a terminal it is a line of stdin."""
        if self._interactive:
            return self._hidden(f"{what} (not shown)")
        return self._line(what).strip()

    def confirm(self, venue: str, guide: Guide) -> None:
        """Show the guide and wait for the word `done`. UsageError `person.needed` at the end of input."""
        self._show(venue, guide)
        while True:
            self._output.talk(f"type {_DONE} when it is done")
            line = self._line(f"confirmation that {escape(guide.title)}").strip().lower()
            if line == _DONE:
                return
            if not self._interactive:
                self._needed(f"{_DONE} was expected on stdin, another line came")

    def answer(self, question: Ask) -> str:
        """Ask, and return the line without surrounding space; UsageError `person.needed` without one."""
        if question.kind == "passphrase" and self._interactive:
            return self._hidden(f"{escape(question.prompt)} (not shown)")
        self._output.talk(escape(question.prompt))
        answer = self._line("an answer").strip()
        if not answer:
            self._needed("the answer is empty")
        return answer

    def tell(self, step: str, detail: str = "") -> None:
        """Show progress."""
        self._output.talk(f"{escape(step)}: {escape(detail)}" if detail else escape(step))

    def _show(self, venue: str, guide: Guide) -> None:
        """Title, page and what is open of the steps."""
        self._head(venue, guide)
        for number, step in enumerate(self._steps(guide), start=1):
            if number > guide.done:
                self._output.talk(f"{number:>3}. {escape(step)}")

    def _head(self, venue: str, guide: Guide) -> None:
        """Title and page, once while the same guide is worked on; what was ticked in an earlier run too."""
        shown, self._shown = self._shown, replace(guide, done=0)
        if shown == self._shown and guide.done:
            return
        self._output.talk(f"{escape(venue)}: {escape(guide.title)}")
        self._output.talk(f"open {escape(guide.page)}")
        if self._show_code is not None:
            self._show_code(guide.page)
        if 0 < guide.done < len(guide.steps):
            self._output.talk(f"[x] the first {guide.done} of {len(guide.steps)} steps are done")

    def _steps(self, guide: Guide) -> tuple[str, ...]:
        return (self._korean and guide.korean) or guide.steps

    def _line(self, what: str) -> str:
        raw = self._lines.readline(_MAX_LINE + 1)
        if not raw or len(raw) > _MAX_LINE:
            self._needed(
                f"{what} is needed and " + ("the line is too long" if raw else "nobody is there to give it")
            )
        try:
            return raw.decode()
        except UnicodeDecodeError:
            pass
        self._needed(f"{what} is needed and the line is not UTF-8")

    def _hidden(self, prompt: str) -> str:
        """One value; a PEM, which has many lines, up to its last."""
        self._output.talk(prompt)
        try:
            lines = [self._hidden_line().strip()]
            if lines[0].startswith(_PEM_BEGIN):
                while not lines[-1].startswith(_PEM_END) and len(lines) < _MAX_PEM_LINES:
                    lines.append(self._hidden_line().strip())
                lines.append("")
        except EOFError:
            lines = []
        if not lines:
            self._needed("a credential is needed and nobody is there to give it")
        value = "\n".join(lines)
        self._output.talk(f"     taken: {len(value)} characters")
        return value

    def _needed(self, what: str) -> NoReturn:
        raise UsageError(
            what,
            code="person.needed",
            still="what was done so far is kept",
            hint="run it in a terminal, or go on later: keyguard workflow resume",
        )
