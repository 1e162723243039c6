"""Damage of the kinds that parsers forget: cut, repeated, swapped, spliced, with sizes that lie."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from random import Random

LARGEST = 300_000
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
_SIZES = (("<B", 0xFF), ("<H", 0xFFFF), (">H", 0xFFFF), ("<I", 0xFFFFFFFF), (">I", 0xFFFFFFFF))
Change = Callable[[Random, bytes, Sequence[bytes]], bytes]


def mutated(r: Random, data: bytes, words: Sequence[bytes], most: int = 6) -> bytes:
    """`data` after one to `most` changes; `words` are texts worth inserting."""
    for _ in range(r.randint(1, most)):
        data = r.choice(_CHANGES)(r, data, words)[:LARGEST]
    return data


def _span(r: Random, data: bytes, longest: int = 200) -> tuple[int, int]:
    start = r.randint(0, len(data))
    return start, min(len(data), start + r.randint(0, r.choice((2, 20, longest))))


def _bit(r: Random, data: bytes, _words: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = r.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << r.randrange(8)]) + data[at + 1 :]


def _noise(r: Random, data: bytes, _words: Sequence[bytes]) -> bytes:
    low, high = _span(r, data, 40)
    return data[:low] + r.randbytes(high - low) + data[high:]


def _number(r: Random, data: bytes, _words: Sequence[bytes]) -> bytes:
    form, mask = r.choice(_SIZES)
    at = r.randint(0, len(data))
    packed = struct.pack(form, r.choice(_NUMBERS) & mask)
    return data[:at] + packed + data[at + len(packed) :]


def _digits(r: Random, data: bytes, _words: Sequence[bytes]) -> bytes:
    at = r.randint(0, len(data))
    return data[:at] + str(r.choice((-1, *_NUMBERS))).encode() + data[at:]


def _cut(r: Random, data: bytes, _words: Sequence[bytes]) -> bytes:
    return data[: r.randint(0, len(data))] if r.random() < 0.3 else data[r.randint(0, min(len(data), 600)) :]


def _dropped(r: Random, data: bytes, _words: Sequence[bytes]) -> bytes:
    low, high = _span(r, data)
    return data[:low] + data[high:]


def _again(r: Random, data: bytes, _words: Sequence[bytes]) -> bytes:
    low, high = _span(r, data)
    times = r.choice((1, 2, 50, 3_000))
    return data[:high] + data[low:high] * times + data[high:]


def _moved(r: Random, data: bytes, _words: Sequence[bytes]) -> bytes:
    low, high = _span(r, data)
    rest = data[:low] + data[high:]
    at = r.randint(0, len(rest))
    return rest[:at] + data[low:high] + rest[at:]


def _word(r: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    at = r.randint(0, len(data))
    return data[:at] + r.choice(words) * r.choice((1, 1, 1, 40, 2_000)) + data[at:]


_CHANGES: tuple[Change, ...] = (_bit, _noise, _number, _digits, _cut, _dropped, _again, _moved, _word)
