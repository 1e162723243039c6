"""The fonts of the PDF, shipped so that the same bytes come out everywhere: Noto Sans CJK KR, OFL-1.1."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from struct import unpack_from

VERSION = "2.004"
FAMILY = "Noto Sans CJK KR"
REGULAR, BOLD = "NotoSansCJKkr-Regular.otf", "NotoSansCJKkr-Bold.otf"
_WINDOWS_BMP = (3, 1)
_SEGMENTED = 4


@cache
def read(name: str) -> bytes:
    """A file of `keyguard/reading/data`."""
    return resources.files("keyguard.reading").joinpath("data", name).read_bytes()


def used() -> list[dict[str, str]]:
    """The `fonts` of the renderings' predicate (KGA/1 §8)."""
    return [
        {"name": name, "version": VERSION, "sha256": hashlib.sha256(read(name)).hexdigest()}
        for name in (BOLD, REGULAR)
    ]


@cache
def covered(name: str = REGULAR) -> frozenset[int]:
    """The code points a font has glyphs for, from its `cmap` (OpenType 1.9, subtable format 4: the BMP)."""
    font = read(name)
    table = _table(font, b"cmap")
    for at in range(table + 4, table + 4 + 8 * unpack_from(">H", font, table + 2)[0], 8):
        platform, encoding, offset = unpack_from(">HHL", font, at)
        start = table + offset
        if (platform, encoding) == _WINDOWS_BMP and unpack_from(">H", font, start)[0] == _SEGMENTED:
            count = unpack_from(">H", font, start + 6)[0] // 2
            lasts = unpack_from(f">{count}H", font, start + 14)
            firsts = unpack_from(f">{count}H", font, start + 16 + 2 * count)
            spans = zip(firsts, lasts, strict=True)
            return frozenset(one for first, last in spans for one in range(first, last + 1)) - {0xFFFF}
    raise ValueError(f"{name} has no character map of format 4")


def _table(font: bytes, tag: bytes) -> int:
    for at in range(12, 12 + 16 * unpack_from(">H", font, 4)[0], 16):
        if font[at : at + 4] == tag:
            return int(unpack_from(">L", font, at + 8)[0])
    raise ValueError(f"a font without {tag!r}")
