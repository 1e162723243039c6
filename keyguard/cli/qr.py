"""A link as a QR code, for the person whose second factor and camera are on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keyguard.cli.output import Output

_BORDER = 4
"""Light modules around the code, as ISO/IEC 18004 wants them."""
_HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def show(out: Output, link: str) -> None:
    """Show the code, black on white; nothing where the library for it is not installed."""
    try:
        import segno
    except ImportError:
        return
    for line in lines(segno.make(link, error="l", micro=False).matrix):
        out.talk(line, style="code")


def lines(matrix: Iterable[Iterable[int]]) -> Sequence[str]:
    """Draw modules (1 is dark), two rows a line, inside a light border."""
    rows = [[0] * _BORDER + [int(bool(module)) for module in row] + [0] * _BORDER for row in matrix]
    light = [0] * len(rows[0])
    every = [light] * _BORDER + rows + [light] * _BORDER
    if len(every) % 2:
        every.append(light)
    pairs = zip(every[::2], every[1::2], strict=True)
    return ["".join(_HALVES[pair] for pair in zip(upper, lower, strict=True)) for upper, lower in pairs]
