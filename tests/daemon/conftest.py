"""A home with a running daemon, for most tests here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.daemon.homes import DaemonHome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., DaemonHome]]:
    """Makes homes; their daemons end with the test."""
    made: list[DaemonHome] = []

    def home(**settings: int | str) -> DaemonHome:
        folder = tmp_path / f"desk{len(made)}"
        folder.mkdir()
        made.append(DaemonHome(folder, settings=settings))
        return made[-1]

    yield home
    for one in made:
        one.end()


@pytest.fixture
def home(make: Callable[..., DaemonHome]) -> DaemonHome:
    """A home whose daemon serves."""
    made = make()
    made.start()
    return made
