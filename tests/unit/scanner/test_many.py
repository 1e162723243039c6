"""Files that are full of findings: bounded, and said."""

from __future__ import annotations

import random
import string

import pytest

from keyguard.scanner import candidates, engine
from keyguard.scanner.engine import Engine

_ENGINE = Engine()


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST", 50)
    monkeypatch.setattr(candidates, "MOST", 200)


def _pairs(count: int) -> bytes:
    """One line with so many different pairs, made at run time."""
    source = random.Random(4)
    letters = string.ascii_letters + string.digits

    def value(size: int) -> str:
        return "".join(source.choices(letters, k=size))

    return " ".join(f"bybit_api_key={value(18)} bybit_api_secret={value(36)}" for _ in range(count)).encode()


def test_of_a_file_full_of_findings_the_first_are_listed_and_the_others_counted() -> None:
    examined = _ENGINE.examine(_pairs(70), "dump.txt")
    assert len(examined.findings) == 50
    assert [(said.path, said.reason) for said in examined.unread] == [
        ("dump.txt", "20 findings beyond 50 are not listed")
    ]


def test_the_count_begins_anew_with_each_file() -> None:
    for _ in range(2):
        assert not _ENGINE.examine(_pairs(50), "dump.txt").unread


def test_values_beyond_the_limit_are_not_looked_at_and_that_is_said() -> None:
    examined = _ENGINE.examine(_pairs(120), "dump.txt")
    assert len(examined.findings) == 50
    assert examined.unread[0].reason == "at least 50 findings beyond 50 are not listed, the rest was not read"
