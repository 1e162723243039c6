"""Takes secrets out of a stream of bytes, wherever its chunks begin and end."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from keyguard.core.secret import Secret

MASK = b"[keyguard:masked]"
MIN_LENGTH = 4
"""Shorter values are left: masking every "a" would ruin the output and give the secret away."""

_MIN_LINE = 16  # characters of a PEM body's line that are told apart from ordinary text


class Masker:
    """Masks one stream. Holds back at most the length of the longest form, and only while the last bytes
    seen may be the beginning of one; everything else is passed on at once."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._forms: list[bytes] = []
        self._held = b""
        self._covered = 0  # bytes at the start of `_held` that belong to a mask already given out
        self.also(secrets)

    def also(self, secrets: Iterable[Secret]) -> None:
        """Mask these too from now on: a process may get new ones while it runs."""
        forms = set(self._forms)
        for secret in secrets:
            forms |= forms_of(secret.reveal())
        self._forms = sorted(forms)
        self._longest = max(map(len, self._forms), default=1)
        self._first = bytes({form[0] for form in self._forms})

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk; return what can be shown for certain."""
        data = self._held + chunk
        spans = self._spans(data)
        keep = self._unfinished(data)
        shown = self._masked(data, spans, keep)
        # What is covered stays so, also while nothing at all can be shown.
        reach = max((end for start, end in spans if start < keep), default=self._covered)
        self._held, self._covered = data[keep:], max(reach - keep, 0)
        return shown

    def close(self) -> bytes:
        """The stream has ended; return what was held back."""
        data, self._held = self._held, b""
        shown = self._masked(data, self._spans(data), len(data))
        self._covered = 0
        return shown

    def _spans(self, data: bytes) -> list[tuple[int, int]]:
        """Where forms stand, overlapping ones joined, in order; begins with what is covered already."""
        found = [(0, self._covered)] if self._covered else []
        for form in self._forms:
            at = data.find(form)
            while at >= 0:
                found.append((at, at + len(form)))
                at = data.find(form, at + 1)
        found.sort()
        joined: list[tuple[int, int]] = []
        for start, end in found:
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def _unfinished(self, data: bytes) -> int:
        """Where the earliest beginning of a form starts that the data breaks off."""
        for start in range(max(len(data) - self._longest + 1, 0), len(data)):
            if data[start] in self._first:
                tail = data[start:]
                if any(len(form) > len(tail) and form.startswith(tail) for form in self._forms):
                    return start
        return len(data)

    def _masked(self, data: bytes, spans: list[tuple[int, int]], end: int) -> bytes:
        """`data` up to `end`, each span as one mask; the mask of what is covered was given out before."""
        shown, last = [], 0
        for start, stop in spans:
            if start >= end:
                break
            shown.append(data[last:start])
            if start or not self._covered:
                shown.append(MASK)
            last = min(stop, end)
        shown.append(data[last:end])
        return b"".join(shown)


def forms_of(value: str) -> set[bytes]:
    """Every way in which programs print a value: plain, JSON, URL, base64; a PEM also line by line."""
    if len(value) < MIN_LENGTH:
        return set()
    plain = {value, value.replace("\n", "\r\n")}
    texts = set(plain)
    for text in plain:
        for ascii_only in (True, False):
            texts.add(json.dumps(text, ensure_ascii=ascii_only)[1:-1])
        texts.add(json.dumps(text)[1:-1].replace("/", "\\/"))
        texts |= {quote(text), quote(text, safe=""), quote(text, safe="!~*'()"), quote_plus(text)}
        texts |= {_lower_escapes(quote(text, safe="")), _lower_escapes(quote_plus(text))}
        texts.add(repr(text)[1:-1])
    forms = {text.encode() for text in texts}
    for text in plain:
        forms |= _base64(text.encode())
    if "-----BEGIN " in value:
        body = [line for line in value.splitlines() if line and not line.startswith("-----")]
        forms |= {line.encode() for line in (*body, "".join(body)) if len(line) >= _MIN_LINE}
    return forms


def _lower_escapes(text: str) -> str:
    """%2F as %2f, the rest unchanged."""
    head, *parts = text.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in parts)])


def _base64(data: bytes) -> set[bytes]:
    """The value's base64 alone and within longer data (`key:secret`), where it may begin at any of three
    positions: then without the characters it shares with its neighbours."""
    forms = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(data)
        forms |= {whole, whole.rstrip(b"=")}
        for shift in range(3):
            inner = encode(b"\0" * shift + data)
            first = -(-shift * 8 // 6)
            core = inner[first : (shift + len(data)) * 8 // 6]
            if len(core) >= MIN_LENGTH:
                forms.add(core)
    return forms
