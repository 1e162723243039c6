"""Whoever read one adapter can review all: they stay short, and none repeats another."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from statistics import median

import keyguard_adapters
from keyguard_adapters import NAMES

FOLDER = Path(keyguard_adapters.__file__).parent
TEMPLATE = Path(__file__).parents[2] / "adapters/template/examplex.py"
ALIKE = 10
"""So many lines in a row that are alike are one piece of code in two places."""


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def runs(path: Path) -> set[tuple[str, ...]]:
    """Every run of so many lines: stripped, empty ones left out; imports count too."""
    told = [line.strip() for line in lines(path) if line.strip()]
    return {tuple(told[at : at + ALIKE]) for at in range(len(told) - ALIKE + 1)}


def test_adapters_are_short() -> None:
    sizes = {name: len(lines(FOLDER / f"{name}.py")) for name in NAMES}
    assert median(sizes.values()) <= 160
    assert max(sizes.values()) <= 300, max(sizes, key=sizes.__getitem__)


def test_no_two_share_ten_lines() -> None:
    paths = [path for path in FOLDER.glob("*.py") if path.stem != "__init__"]
    found = {path.stem: runs(path) for path in [*paths, TEMPLATE]}
    shared = {(a, b): found[a] & found[b] for a, b in combinations(sorted(found), 2)}
    assert {pair: same for pair, same in shared.items() if same} == {}


def test_ten_lines_in_a_row_are_seen_through_indentation_and_empty_lines(tmp_path: Path) -> None:
    told = [f"line {number}" for number in range(ALIKE)]
    (tmp_path / "a.py").write_text("\n".join(told))
    (tmp_path / "b.py").write_text("before\n" + "\n\n".join(f"    {line}" for line in told) + "\nbehind\n")
    (tmp_path / "c.py").write_text("\n".join(told[1:]))
    a, b, c = (runs(tmp_path / f"{name}.py") for name in "abc")
    assert a & b == a
    assert not a & c
