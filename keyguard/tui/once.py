"""Reading a home asks for the same many times over: here each question goes to the database once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from keyguard.ports.all import Ports
    from keyguard.ports.inventory import Inventory
    from keyguard.ports.journal import Journal
    from keyguard.ports.people import People


def once(ports: Ports) -> Ports:
    """The same ports for one reading. Inventory, journal and people answer a question once: what they
    answered is given again, so it must not be changed, and they must not be written through."""
    return replace(
        ports,
        inventory=cast("Inventory", _Once(ports.inventory)),
        journal=cast("Journal", _Once(ports.journal)),
        people=cast("People", _Once(ports.people)),
    )


class _Once:
    def __init__(self, port: object) -> None:
        self._port = port
        self._answers: dict[object, Any] = {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def answer(*given: Any, **named: Any) -> Any:
            question = (name, *map(_key, given), *named.items())
            if question not in self._answers:
                self._answers[question] = found(*given, **named)
            return self._answers[question]

        return answer


def _key(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given
