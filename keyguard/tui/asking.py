"""The Person port of the terminal UI: what a workflow asks becomes a question on a screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from keyguard.core.exchange import Guide
from keyguard.core.secret import Secret

if TYPE_CHECKING:
    from keyguard.core.exchange import Ask, Credential

TICK, CREDENTIAL, CONFIRM, SECRET, PASSPHRASE = "tick", "credential", "confirm", "secret", "passphrase"


@dataclass(frozen=True, slots=True)
class Question:
    """What a job waits for. `kind` says what answers it: TICK a number of steps done, CREDENTIAL a
    `Credential`, CONFIRM None, SECRET and PASSPHRASE a `Secret`."""

    kind: str
    venue: str = ""
    guide: Guide | None = None
    prompt: str = ""


class ScreenPerson:
    """Asks by `ask`, in the thread of the work, which waits there until a screen has the answer; tells by
    `told`. What `ask` raises (`person.needed`) ends the work until somebody goes on with it."""

    def __init__(self, ask: Callable[[Question], object], told: Callable[[str], None]) -> None:
        self._ask, self._told = ask, told

    def tick(self, venue: str, guide: Guide) -> int:
        """Show the open steps; returns how many are done."""
        return cast("int", self._ask(Question(TICK, venue, guide)))

    def new_credential(self, venue: str, guide: Guide) -> Credential:
        """Take the parts of the new key, each by paste."""
        return cast("Credential", self._ask(Question(CREDENTIAL, venue, guide)))

    def confirm(self, venue: str, guide: Guide) -> None:
        """Wait until the person says it is done."""
        self._ask(Question(CONFIRM, venue, guide))

    def answer(self, question: Ask) -> str:
        """What the venue asks in between: a one-time code, a passphrase. Never shown."""
        return cast("Secret", self._ask(Question(SECRET, prompt=question.prompt))).reveal()

    def tell(self, step: str, detail: str = "") -> None:
        """One more line of progress."""
        self._told(f"{step}: {detail}" if detail else step)

    def secret(self, prompt: str) -> Secret:
        """What `prompt` asks for, in the words of the person. Never shown."""
        return cast("Secret", self._ask(Question(SECRET, prompt=prompt)))

    def passphrase(self, _: str) -> Secret:
        """Unlock the store: as `wiring.Unlock` prompts."""
        return cast("Secret", self._ask(Question(PASSPHRASE)))
