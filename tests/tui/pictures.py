"""`make screenshots`: the terminal UI on the desk of its tests, as SVG for the documents.

The desk's facts and clock are fixed, so the same code draws the same pictures.
"""

from __future__ import annotations

import asyncio
import html
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tests.tui.desk import reviewed
from tests.tui.harness import seated
from tests.tui.test_attest import computed, logged

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.tui.harness import Seat

FOLDER = Path(__file__).parents[2] / "docs/pictures"
SIZE = (120, 30)
FONTS = "'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans Mono CJK KR', monospace"


async def home(seat: Seat) -> None:
    """What needs somebody now."""


async def keys(seat: Seat) -> None:
    """All keys, by danger."""
    await seat.press("2", "v", "v", "v", "v")


async def panic(seat: Seat) -> None:
    """What would die."""
    await seat.app.go("panic", "desk mm")
    await seat.until(lambda: seat.sees(" die, "))


async def reviews(seat: Seat) -> None:
    """The items of a review, what is too much first."""
    reviewed(seat.desk)
    await seat.look()
    await seat.app.go("reviews", "rv_mm")
    await seat.until(lambda: seat.sees("1 of 4 decided"))


async def attest(seat: Seat) -> None:
    """What an exchange would see, in Korean."""
    seat.app.speak("ko")
    await computed(seat)
    await seat.press("enter")


def drawn(svg: str) -> str:
    """The picture without fonts of other hosts; widths are given, so any monospaced one fits, and those of
    Korean texts are two cells a syllable (the export counts one)."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]+;", f"font-family: {FONTS};", svg)
    svg = re.sub(r'textLength="([^"]+)"([^>]*)>([^<]*)</text>', _widened, svg)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def _widened(text: re.Match[str]) -> str:
    said = html.unescape(text[3])
    width = float(text[1]) * cell_len(said) / max(len(said), 1)
    return f'textLength="{width:.1f}"{text[2]}>{text[3]}</text>'


async def take(name: str, reach: Callable[[Seat], Awaitable[None]]) -> None:
    """Draw one screen."""
    async with seated(logged(), size=SIZE) as seat:
        await reach(seat)
        svg = seat.app.export_screenshot(title=f"keyguard tui: {name}")
        (FOLDER / f"{name}.svg").write_text(drawn(svg), encoding="utf-8")


def main() -> None:
    """Draw them all."""
    FOLDER.mkdir(exist_ok=True)
    for reach in (home, keys, reviews, panic, attest):
        asyncio.run(take(reach.__name__, reach))


if __name__ == "__main__":
    main()
