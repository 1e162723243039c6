"""Values encoded in their lines: base64, %-escapes, JSON escapes, HTML entities, and the pairs of
`curl -u KEY:SECRET` and `Authorization: Basic`.

Nothing is looked for without a hint: literals that the prefilter finds in its one pass, among them the
venues' names as base64 has them. A view holds the neighbourhood of what was decoded, each decoded value in
its place, so that the names beside it stay beside it.
"""

from __future__ import annotations

import base64
import functools
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice

from keyguard.scanner.content import Content
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.hints import ESCAPES, REACH, WHOLE
from keyguard.scanner.decode.layers import Builder, Layers, Packed, Problem
from keyguard.scanner.lazily import pattern
from keyguard.scanner.prefilter import Hits

_SHORT_HINT = b"b64"
_RUN = pattern(rb"[A-Za-z0-9+][A-Za-z0-9+/]*+")
_LONG_RUN, _FEW_DIGITS = 37, 3
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WINDOW = 3_000
"""How much of the neighbourhood goes into the view: more than any name reaches."""
_LOOK_BACK = 1_000_000
"""Longer tokens are not taken whole."""
_SPOTS = 20_000
"""So many hints are followed in one content, and so many values decoded; no file a person wrote has more."""
_LINE = 80
_BEYOND = 100
_TOKEN = (
    rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{%d,}+(?:\r?\n[ \t]*+[A-Za-z0-9+/]{4,76}+(?![^\s=\"']))*+={0,2}"
)
_WORDS = rb"(?P<name>[^\s:\"'$]{8,128}):(?P<word>[^\s\"'$]{8,512})"
# What each pattern needs to stand somewhere, and the pattern.
_PATTERNS = (
    (b"-u", rb"(?P<user>(?<![\w-])(?:-u|--user)[ =]?[\"']?" + _WORDS + rb")"),
    (b"%", rb"(?P<url>(?:%[0-9A-Fa-f]{2})++)"),
    (b"\\", rb"(?P<json>(?:\\{1,16}+u00[2-7][0-9a-fA-F])++|\\{1,16}+/)"),
    (b"&", rb"(?P<html>&(?:quot|amp|apos|lt|gt|\#(?:3[49]|61|x2[27]));)"),
)
_LOOSE, _CLOSE = 24, 8
"""The shortest token that is decoded, and the shortest in a manifest that says that it is a Secret."""
_HTML = {b"&quot;": b'"', b"&amp;": b"&", b"&apos;": b"'", b"&lt;": b"<", b"&gt;": b">"}
_HTML |= {b"&#34;": b'"', b"&#39;": b"'", b"&#61;": b"=", b"&#x22;": b'"', b"&#x27;": b"'"}
_BINARY = pattern(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_BASIC = pattern(rb"basic[ \"']{1,3}\Z|[\"']auth[\"']\s{0,3}:\s{0,3}[\"']\Z", re.IGNORECASE)
_USER = pattern(rb"([^\s:]{8,128}):(\S{8,512})\Z")
_BEFORE = pattern(rb"[A-Za-z0-9+/_=-]*+")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_FIRST = 24
_PACKED = (b"\x1f\x8b\x08", b"PK\x03\x04", b"BZh", b"\xfd7zXZ\x00", b"SQLite format 3\x00")


def read(content: Content, hits: Hits, found: frozenset[bytes], budget: Budget) -> Layers:
    """Yield one view with all that was decoded, and what was packed before it was encoded.

    `found`: those of `hits` that are hints or forms.
    """
    if found.issuperset(hits) and found.issubset(ESCAPES):
        return  # escapes hide no name: without one there is nothing to be found
    text = content.text
    builder = Builder(content)
    done = -1
    decoded = _decoded(text, _spots(text, hits, found), _secrets(hits))
    for low, high, text_of in islice(decoded, _SPOTS):
        if text_of.startswith(_PACKED):
            yield Packed(f"#line-{content.line(low)}", text_of)
            continue
        start = max(done, low - _WINDOW, 0)
        if done >= 0 and low - done > 2 * _WINDOW:
            builder.copy(done, done + _WINDOW)
            builder.glue(b"\n" * 8)
        elif done >= 0:
            start = done
        builder.copy(start, low)
        pair = _pair(text, low, high, text_of)
        if pair:
            builder.glue(b'key: "')
            builder.add(pair[0], low, high)
            builder.glue(b'", secret: "')
            builder.add(pair[1], low, high)
            builder.glue(b'"')
        else:
            builder.add(text_of, low, high)
        done = high
    # Escapes are common in large data and seldom hide anything; of them the first are decoded.
    if sum(len(hits[literal]) for literal in found.difference(ESCAPES)) > _SPOTS:
        yield Problem("", f"more than {_SPOTS:,} encoded values: not all were decoded")
    if done >= 0:
        builder.copy(done, min(done + _WINDOW, len(text)))
        budget.spend(builder.size)
        yield builder.view()


def _secrets(hits: Hits) -> list[int]:
    """Where manifests say that they are Secrets, ascending."""
    return sorted(end for literal in WHOLE for end in hits.get(literal, ()))


def _spots(text: bytes, hits: Hits, found: frozenset[bytes]) -> Iterator[tuple[int, int]]:
    """Stretches to look at, ascending, without overlap."""
    spans = (_reaches(_ends(text, hits, literal), REACH.get(literal, 0)) for literal in found)
    low, high = -1, -1
    for start, stop in islice(merge(*spans), _SPOTS):
        if start > high:
            if high > 0:
                yield low, high
            low = _token_start(text, max(0, start), max(0, high))
        high = max(high, stop)
    if high > 0:
        yield low, high


def _ends(text: bytes, hits: Hits, literal: bytes) -> Iterable[int]:
    """Where a hint ends. Base64 itself is full of "b64": inside of a long value it says nothing."""
    ends = hits[literal]
    if literal != _SHORT_HINT:
        return ends
    return (end for end in ends if not _in_value(text, end))


def _in_value(text: bytes, end: int) -> bool:
    """Whether letters and digits surround a "b64" that are too many, and hold too many digits, for a name."""
    before = _RUN.match(text[max(0, end - 40) : end - len(_SHORT_HINT)][::-1])
    behind = _RUN.match(text, end, end + 40)
    if not before or not behind:
        return False
    run = before[0] + behind[0]
    return len(run) >= _LONG_RUN and len(run.translate(None, _LETTERS)) >= _FEW_DIGITS


def _reaches(ends: Iterable[int], reach: int) -> Iterator[tuple[int, int]]:
    return ((end - reach, end + max(reach, 1)) for end in ends)


def _token_start(text: bytes, at: int, least: int) -> int:
    """The beginning of the token that `at` is in, so that none is cut in two."""
    least = max(least, at - _LOOK_BACK)
    while at > least:
        step = max(least, at - 4_096)
        match = _BEFORE.match(text[step:at][::-1])
        begin = at - match.end() if match else at
        if begin > step:
            return begin
        at = step
    return at


def _decoded(
    text: bytes, spots: Iterator[tuple[int, int]], secrets: list[int]
) -> Iterator[tuple[int, int, bytes]]:
    """What stands in the spots, ascending: low, high, decoded."""
    at = 0
    for low, high in spots:
        near = bisect_left(secrets, low) < bisect_left(secrets, high + 1)
        at = max(at, low)
        # Not searched far beyond the spot, or spots would be paid for again and again; a token that reaches
        # beyond is then taken whole.
        stop = high + _BEYOND
        spot = text[at:stop]
        needed = tuple(pattern for sign, pattern in _PATTERNS if sign in spot)
        pattern = _either(needed, _CLOSE if near else _LOOSE)
        while found := pattern.search(text, at, stop):
            if found.start() > high:
                break
            match = found
            if found.end() > stop - _LINE:
                match = pattern.match(text, found.start(), high + _LOOK_BACK) or found
            at = match.end()
            out = _decode(match)
            if out is not None:
                yield match.start(), at, out


@functools.cache
def _either(patterns: tuple[bytes, ...], shortest: int) -> re.Pattern[bytes]:
    """Only what can match at all: each alternative is tried at every byte."""
    return re.compile(b"|".join((*patterns, rb"(?P<b64>" + _TOKEN % shortest + rb")")))


def _decode(match: re.Match[bytes]) -> bytes | None:
    whole = match[0]
    match match.lastgroup:
        case "url":
            return bytes.fromhex(whole.replace(b"%", b"").decode())
        case "json":
            if whole.endswith(b"/"):
                return b"/"
            return bytes(int(code, 16) for code in re.findall(rb"u(00[2-7][0-9a-fA-F])", whole))
        case "html":
            return _HTML[whole]
        case "b64":
            return _unbase64(whole)
        case _:
            return match["name"] + b":" + match["word"]


def _unbase64(token: bytes) -> bytes | None:
    """Decoded text or a packed file; None for all else, so that random tokens stay as they are."""
    if _is_random(token):
        return None
    for _ in range(3):
        bare = b"".join(token.split()).rstrip(b"=").translate(_URL_SAFE)
        if len(bare) % 4 == 1:
            return None
        out = base64.b64decode(bare + b"=" * (-len(bare) % 4))
        if out.startswith(_PACKED):
            return out
        wide = Content(out) if out.count(0, 0, 64) else None
        plain = wide.text if wide else out
        if not plain or _BINARY.search(plain):
            return None
        try:
            plain.decode()
        except UnicodeDecodeError:
            return None
        if len(plain) < 48 or not re.fullmatch(rb"[A-Za-z0-9+/\r\n]+={0,2}\s*", plain):
            return plain
        inner = _unbase64(plain) if len(plain) > 48 else None
        return inner or plain
    return None


def _is_random(token: bytes) -> bool:
    """Whether its first bytes already are neither text nor a packed file. Most tokens are names or hashes."""
    try:
        first = base64.b64decode(token[:_FIRST].translate(_URL_SAFE), validate=True)
    except ValueError:
        return False  # over several lines, or short: looked at as a whole
    return _BINARY.search(first) is not None and not first.count(0) and not first.startswith(_PACKED)


def _pair(text: bytes, low: int, high: int, decoded: bytes) -> tuple[bytes, bytes] | None:
    """User and password, where that is what was decoded."""
    if not (text[low:high].startswith(b"-") or _BASIC.search(text[max(0, low - 40) : low])):
        return None
    match = _USER.match(decoded)
    return (match[1], match[2]) if match else None
