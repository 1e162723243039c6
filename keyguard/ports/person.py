"""The person at the terminal, for what no API offers."""

from __future__ import annotations

from typing import Protocol

from keyguard.core.exchange import Ask, Credential, Guide


class Person(Protocol):
    """Shows guides and asks. UsageError `person.needed` where nobody is there to answer."""

    def new_credential(self, venue: str, guide: Guide) -> Credential:
        """Show the guide and take the new key's parts without echo."""
        ...

    def confirm(self, venue: str, guide: Guide) -> None:
        """Show the guide and wait until the person says it is done."""
        ...

    def answer(self, question: Ask) -> str:
        """Answer a question from within an operation."""
        ...

    def tell(self, step: str, detail: str = "") -> None:
        """Show progress; never holds a secret."""
        ...
