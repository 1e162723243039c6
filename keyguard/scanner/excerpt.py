"""The source line a value stands on, cut so that it can be shown.

Values the rules found are shaded, and so is whatever else on the line looks like one: a report must not
give away the passphrase that no rule knows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from keyguard.core.secret import Secret
from keyguard.scanner.content import Searched
from keyguard.scanner.findings import Excerpt, Fragment, Shade
from keyguard.scanner.lazily import pattern

BEFORE = 90
AFTER = 60
_LONGEST = 200
"""Bytes shown before, after and of a value."""
_TOKEN = pattern(rb"[A-Za-z0-9+/_-]{20,}")
_MIXED = pattern(rb"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])|[0-9a-fA-F]+\Z")
_NAMED = pattern(
    rb"""(?xi) (?:pass(?:phrase|word|wd|code)?|pwd|secret|token|otp|\bpin|mnemonic|seed|credentials?
    |(?:api|access|private)[_-]?key) ["']? \s{0,3} [=:] \s{0,3} ["']?
    ([^\s"',;]{1,200})"""
)
_WORD_BEFORE = pattern(rb"[A-Za-z0-9+/_=-]{1,100}\Z")
_WORD_AFTER = pattern(rb"[A-Za-z0-9+/_=-]{1,100}")

Span = tuple[int, int, Shade]


class Excerpts:
    """Cuts excerpts out of one content; `values` are start, end and field of all that was found in it."""

    def __init__(self, content: Searched, values: list[tuple[int, int, str]]) -> None:
        self._content = content
        self._spans: list[Span] = sorted(
            (start, end, Shade.HIDDEN if field == "private_key" else Shade.VALUE)
            for start, end, field in values
        )

    def around(self, start: int, end: int) -> Excerpt:
        """The line on which `text[start:end]` begins."""
        text = self._content.text
        low = max(text.rfind(b"\n", max(0, start - BEFORE), start) + 1, start - BEFORE, 0)
        far = min(end, start + _LONGEST) + AFTER
        newline = text.find(b"\n", start, far)
        high = min(newline if newline >= 0 else far, len(text))
        if text[high - 1 : high] == b"\r":
            high -= 1
        cut_before = low > 0 and text[low - 1 : low] != b"\n"
        cut_after = high < len(text) and text[high : high + 1] not in (b"\n", b"\r")
        # A word the window cuts may be the end or the beginning of a secret.
        if cut_before and (word := _WORD_AFTER.match(text, low, start)):
            low = word.end()
        if cut_after and end <= high and (word := _WORD_BEFORE.search(text, max(end, high - 100), high)):
            high = word.start()
        return Excerpt(self._content.line(start), tuple(self._fragments(low, high)), cut_before, cut_after)

    def _fragments(self, low: int, high: int) -> Iterator[Fragment]:
        text, at = self._content.text, low
        for left, right, shade in [*self._shaded(low, high), (high, high, Shade.PLAIN)]:
            for piece, how in ((text[at:left], Shade.PLAIN), (text[left:right], shade)):
                if piece:
                    yield Fragment(how, Secret(piece.decode("utf-8", "replace")))
            at = right

    def _shaded(self, low: int, high: int) -> list[Span]:
        """Disjoint spans within a window, ascending. What the window cuts shows nothing of itself."""
        wanted: list[Span] = []
        at = bisect_left(self._spans, low, key=lambda span: span[0])
        if at and self._spans[at - 1][1] > low:
            at -= 1
        for number in range(at, len(self._spans)):  # no slice: a line may hold a hundred thousand
            start, end, shade = self._spans[number]
            if start >= high:
                break
            whole = low <= start and end <= high
            wanted.append((max(start, low), min(end, high), shade if whole else Shade.HIDDEN))
        window = self._content.text[low:high]
        others = [m.span() for m in _TOKEN.finditer(window) if _MIXED.match(m[0])]
        others += [m.span(1) for m in _NAMED.finditer(window)]
        for start, end in others:
            wanted += _outside((low + start, low + end), wanted)
        return sorted(wanted, key=lambda span: span[0])


def _outside(span: tuple[int, int], taken: list[Span]) -> list[Span]:
    """The parts of a span that are not taken yet."""
    left = [span]
    for start, end, _ in taken:
        left = [
            piece
            for low, high in left
            for piece in ((low, min(high, start)), (max(low, end), high))
            if piece[0] < piece[1]
        ]
    return [(low, high, Shade.HIDDEN) for low, high in left]
