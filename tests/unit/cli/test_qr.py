from __future__ import annotations

import sys

import pytest

from keyguard.cli import qr
from keyguard.core.escape import escape

LINK = "https://www.upbit.com/mypage/open_api_management"


class Said:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def talk(self, text: str, style: str = "") -> None:
        self.lines.append((text, style))


def modules(lines: list[str]) -> list[list[int]]:
    """What a camera sees: two rows of modules in each line."""
    rows: list[list[int]] = []
    for line in lines:
        rows.append([int(char in "▀█") for char in line])
        rows.append([int(char in "▄█") for char in line])
    return rows


def test_every_module_is_drawn_inside_a_light_border() -> None:
    matrix = [[1, 0, 1], [0, 1, 0], [1, 1, 1]]
    drawn = modules(list(qr.lines(matrix)))
    assert [row[4:7] for row in drawn[4:7]] == matrix
    light = sum(map(sum, drawn))
    assert light == 6 and all(len(row) == 11 for row in drawn)


def test_the_code_of_a_link_is_black_on_white() -> None:
    segno = pytest.importorskip("segno")
    said = Said()
    qr.show(said, LINK)  # type: ignore[arg-type]
    code = [list(row) for row in segno.make(LINK, error="l", micro=False).matrix]
    drawn = modules([text for text, _ in said.lines])
    assert [row[4:-4] for row in drawn[4 : 4 + len(code)]] == code
    assert {style for _, style in said.lines} == {"code"}
    assert all(escape(text) == text for text, _ in said.lines)


def test_without_the_library_the_link_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    said = Said()
    qr.show(said, LINK)  # type: ignore[arg-type]
    assert said.lines == []
