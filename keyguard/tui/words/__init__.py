"""What the screens say, in English and Korean: one module of texts for each screen.

A text is named `<module>.<name>`. The two languages stand side by side, so that none is forgotten.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

Text = tuple[str, str]
"""English, Korean. `{parts}` are filled in by name."""

LANGUAGES = ("en", "ko")


class Words:
    """Says things in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._index = LANGUAGES.index(language)

    def __call__(self, name: str, /, **parts: object) -> str:
        """The text of this name with its parts filled in; KeyError for a name that no module has."""
        return _text(name)[self._index].format(**parts)


def known(name: str) -> bool:
    """Whether there is a text of this name."""
    try:
        _text(name)
    except (KeyError, ModuleNotFoundError):
        return False
    return True


@cache
def _text(name: str) -> Text:
    module, _, rest = name.partition(".")
    texts = cast("Mapping[str, Text]", import_module(f"{__name__}.{module}").TEXTS)
    return texts[rest]
