"""Reads a request's parameters: each has a type and bounds, and one that nobody asked for is refused."""

from __future__ import annotations

from typing import Any

from keyguard.rpc.messages import INVALID_PARAMS, Malformed

LONGEST_TEXT = 500


class Params:
    """Take each parameter once, then `done`. Every method raises Malformed; no value is ever repeated."""

    __slots__ = ("_left",)

    def __init__(self, params: dict[str, Any]) -> None:
        self._left = dict(params)

    def text(self, name: str, default: str | None = None, *, longest: int = LONGEST_TEXT) -> str:
        """A text; without default it must be there and not be empty."""
        value = self._left.pop(name, default)
        if not isinstance(value, str) or len(value) > longest or (default is None and not value):
            raise Malformed(INVALID_PARAMS, f"{name}: a text of at most {longest} characters")
        return value

    def word(self, name: str, words: frozenset[str], default: str) -> str:
        """One of some words."""
        value = self._left.pop(name, default)
        if not isinstance(value, str) or value not in words:
            raise Malformed(INVALID_PARAMS, f"{name}: one of {', '.join(sorted(words))}")
        return value

    def number(self, name: str, default: int | None = None, *, least: int = 0, most: int = 2**31) -> int:
        """A whole number within bounds."""
        value = self._left.pop(name, default)
        if type(value) is not int or not least <= value <= most:
            raise Malformed(INVALID_PARAMS, f"{name}: a number from {least} to {most}")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false where it is absent."""
        value = self._left.pop(name, False)
        if not isinstance(value, bool):
            raise Malformed(INVALID_PARAMS, f"{name}: true or false")
        return value

    def done(self) -> None:
        """Refuse what is left: a misspelt parameter must not be passed over."""
        if self._left:
            raise Malformed(INVALID_PARAMS, "a parameter this method does not have")
