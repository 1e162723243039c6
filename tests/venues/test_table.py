"""README shows the table of venues as the code is, to the letter."""

from __future__ import annotations

from tests.venues.table import MARKS, README, made, written


def test_readme_holds_exactly_the_table_of_today() -> None:
    text = README.read_text(encoding="utf-8")
    assert all(text.count(mark) == 1 for mark in MARKS)
    assert written(text, made()) == text, "run: make venues VENUES_ARGS=--write"
