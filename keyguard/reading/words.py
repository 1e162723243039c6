"""The reading copies' own words in two languages, from `data/words.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from keyguard.reading import fonts

LANGUAGES = ("ko", "en")
KOREAN_FIRST = frozenset(("upbit", "bithumb", "coinone", "korbit", "gopax"))
"""The members of DAXA, South Korea's alliance of exchanges."""


@dataclass(frozen=True, slots=True)
class Words:
    """All words, `first` being the language that stands first. Texts in two languages are `{lang, text}`."""

    first: str
    book: Mapping[str, Any]

    @property
    def order(self) -> tuple[str, str]:
        """Both languages, the first one first."""
        return ("ko", "en") if self.first == "ko" else ("en", "ko")

    def pair(self, kind: str, name: str) -> list[dict[str, str]]:
        """A word or passage in both languages."""
        return self.texts(*self.book[kind][name][:2])

    def texts(self, ko: str, en: str) -> list[dict[str, str]]:
        """A given passage in both languages, in their order."""
        said = {"ko": ko, "en": en}
        return [{"lang": lang, "text": said[lang]} for lang in self.order]

    def code(self, name: str | None) -> str:
        """A code as the first language has it; a code that is not known stands as it is."""
        if name is None:
            return "–"
        both = self.book["codes"].get(name)
        return str(name) if both is None else str(both[LANGUAGES.index(self.first)])


def words(venue: str | None, first: str | None = None) -> Words:
    """The words for a recipient: Korean first for the members of DAXA, unless `first` says otherwise."""
    return Words(first or ("ko" if venue in KOREAN_FIRST else "en"), book())


@cache
def book() -> Mapping[str, Any]:
    """The file, read once."""
    return tomllib.loads(fonts.read("words.toml").decode())


@cache
def own_text() -> str:
    """All that reading copies may say without data."""
    return "\n".join(_strings(book()))


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [
        text for one in (value.values() if isinstance(value, Mapping) else value) for text in _strings(one)
    ]
