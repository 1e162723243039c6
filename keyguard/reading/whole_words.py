"""Names looked for as whole words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator


class WholeWords:
    """Finds names, the longest first, so that `upbit-sg` is not taken for `upbit`.

    Hangul takes its particle without a space, so a Korean name counts wherever it stands.
    """

    def __init__(self, names: Iterable[str], *, any_case: bool = True) -> None:
        self._any_case = any_case
        folded = {self._fold(name) for name in names if name}
        self._names = sorted(folded, key=lambda one: (-len(one), one))

    def found(self, text: str) -> Iterator[str]:
        """Each name that stands in the text, as often as it does."""
        text = self._fold(text)
        held = [name for name in self._names if name in text]  # mostly none: faster than one expression
        if held:
            for match in re.finditer("|".join(map(_word, held)), text):
                yield match[0]

    def _fold(self, text: str) -> str:
        return text.casefold() if self._any_case else text


def _word(name: str) -> str:
    if any("가" <= char <= "힣" for char in name):
        return re.escape(name)
    return rf"(?<![0-9A-Za-z_]){re.escape(name)}(?![0-9A-Za-z_])"
