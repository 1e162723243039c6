"""Make the two font files of keyguard/reading/data from those of Debian's fonts-noto-cjk.

    apt-get download fonts-noto-cjk && dpkg -x fonts-noto-cjk_*.deb noto
    python subset.py noto/usr/share/fonts/opentype/noto keyguard/reading/data      (needs fonttools)

Regular, in which data is printed, keeps all Hangul syllables, the Hanja of KS X 1001, kana, Latin, Greek,
Cyrillic and signs. Bold is for the template's own words, so the syllables of KS X 1001 are enough.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

BASIC = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x250),
    *range(0x2010, 0x2060),
    *range(0x20A0, 0x20C0),
    *range(0x2100, 0x2300),
    *range(0x25A0, 0x2600),
    *range(0x27E6, 0x27EC),
    *range(0x3000, 0x3030),
]
WIDER = [
    *range(0x370, 0x460),
    *range(0x1E00, 0x1F00),
    *range(0x2460, 0x2500),
    *range(0x3030, 0x3100),
    *range(0x3131, 0x318F),
    *range(0x3200, 0x3300),
    *range(0xAC00, 0xD7A4),
    *range(0xFF00, 0xFFF0),
]


def ks_x_1001(first: int, last: int) -> list[int]:
    """Code points of these rows of the standard; 33 signs, 48 Hangul, 74 and more Hanja."""
    cells = [bytes([row + 128, cell]) for row in range(first, last) for cell in range(161, 255)]
    return [ord(char) for one in cells if len(char := one.decode("euc_kr", "ignore")) == 1]


def make(source: Path, target: Path, weight: str, code_points: list[int]) -> None:
    """Write one weight."""
    collection = TTCollection(str(source / f"NotoSansCJK-{weight}.ttc"))
    font = next(one for one in collection.fonts if one["name"].getDebugName(4).startswith("Noto Sans CJK KR"))
    font.recalcTimestamp = False
    options = subset.Options(layout_features=["kern", "ccmp", "mark", "mkmk"], hinting=False, name_IDs=["*"])
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=code_points)
    subsetter.subset(font)
    font.save(str(target / f"NotoSansCJKkr-{weight}.otf"))


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    make(source, target, "Regular", [*BASIC, *WIDER, *ks_x_1001(33, 126)])
    make(source, target, "Bold", [*BASIC, *ks_x_1001(48, 73)])
