"""Exact search for many values at once, in the forms in which they may be written.

Every piece of `_WINDOW` bytes of every form is known. A text is looked at each `_STRIDE` bytes: a fragment of
`_WINDOW + _STRIDE - 1` bytes or more holds such a place, wherever it begins. Around a known piece the text is
compared, so there are no misses above that length and no false alarms.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

FRAGMENT = 12
"""Characters of a secret that may not stand anywhere."""
SHORTEST = 6
"""A shorter value stands in innocent places; it is reported as not searched for."""
_WINDOW, _STRIDE = 6, 5


@dataclass(frozen=True, slots=True)
class Form:
    """One spelling of a value; a run of `least` bytes of it is a hit."""

    owner: str
    text: bytes
    least: int


class Needles:
    """Forms to look for. `hits` names the owners of those that a text holds."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self._pieces: defaultdict[bytes, list[tuple[Form, int]]] = defaultdict(list)
        self._short: list[Form] = []
        for form in forms:
            if form.least < _WINDOW + _STRIDE - 1:
                self._short.append(form)
                continue
            for at in range(len(form.text) - _WINDOW + 1):
                self._pieces[form.text[at : at + _WINDOW]].append((form, at))

    def hits(self, text: bytes) -> Iterator[str]:
        """The owner of each form found, once."""
        seen = set()
        for form in self._short:
            if form.owner not in seen and form.text in text:
                seen.add(form.owner)
                yield form.owner
        known = self._pieces
        places = [at for at in range(0, len(text) - _WINDOW + 1, _STRIDE) if text[at : at + _WINDOW] in known]
        for at in places:
            for form, offset in known[text[at : at + _WINDOW]]:
                if form.owner not in seen and _run(text, at, form.text, offset) >= form.least:
                    seen.add(form.owner)
                    yield form.owner


def _run(text: bytes, at: int, form: bytes, offset: int) -> int:
    """The length of the longest run of `form` in `text` that covers the piece at these places."""
    left = 0
    while left < min(at, offset) and text[at - left - 1] == form[offset - left - 1]:
        left += 1
    right = _WINDOW
    most = min(len(text) - at, len(form) - offset)
    while right < most and text[at + right] == form[offset + right]:
        right += 1
    return left + right


def spellings(owner: str, value: str, *, fragments: bool) -> Iterator[Form]:
    """A value raw, reversed, percent-encoded, in hex and in base64 at its three alignments.

    `fragments`: any 12 characters count, in every form; else only the whole.
    """
    raw = value.encode()
    if len(raw) < SHORTEST:
        return
    least = min(len(raw), FRAGMENT) if fragments else len(raw)
    for text in dict.fromkeys((raw, raw[::-1], quote(value, safe="").encode())):
        yield Form(owner, text, least if fragments else len(text))
    yield Form(owner, "".join(f"%{byte:02X}" for byte in raw).encode(), 3 * least)
    for text in (raw.hex().encode(), raw.hex().upper().encode()):
        yield Form(owner, text, 2 * least)
    for alignment in range(3):
        coded = base64.b64encode(bytes(alignment) + raw)
        inner = coded[-(-8 * alignment // 6) : 8 * (alignment + len(raw)) // 6]
        for text in dict.fromkeys((inner, inner.translate(bytes.maketrans(b"+/", b"-_")))):
            yield Form(owner, text, min(len(text), least * 8 // 6 - 1))
