"""The person at the terminal, for what no API offers."""

from __future__ import annotations

from typing import Protocol

from keyguard.core.exchange import Ask, Credential, Guide


class Person(Protocol):
    """Shows guides and asks. UsageError `person.needed` where nobody is there to answer."""

    def tick(self, venue: str, guide: Guide) -> int:
        """Show the steps of a guide that are open, and return how many are done once the person has done one
        or more. Where nobody can tick (a program writes lines): all of them."""
        ...

    def new_credential(self, venue: str, guide: Guide) -> Credential:
        """Show what is open of the guide and take the new key's parts without echo."""
        ...

    def confirm(self, venue: str, guide: Guide) -> None:
        """Show what is open of the guide and wait until the person says it is done."""
        ...

    def answer(self, question: Ask) -> str:
        """Answer a question from within an operation."""
        ...

    def tell(self, step: str, detail: str = "") -> None:
        """Show progress; never holds a secret."""
        ...
