"""A person leaves: the next request of their bots is refused, on every host of the database.

By order of events, not by time: the request is made after the command returned.
"""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import KeyguardError
from tests.daemon.homes import DaemonHome
from tests.services import postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keyguard.client import Client

KEYS = 3


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[DaemonHome, DaemonHome]]:
    """The home somebody is off-boarded at, and the home whose daemon gave the keys: two on one PostgreSQL."""
    folders = [tmp_path / name for name in ("tokyo", "seoul")]
    for folder in folders:
        folder.mkdir()
    with postgres_server.server() as server:
        here = DaemonHome(folders[0], KEYS, KEYS, database=server.url(server.database()))
        there = DaemonHome(folders[1], beside=here.home)
        try:
            yield here, there
        finally:
            there.end()


def declared(home: DaemonHome, *words: str) -> None:
    done = home.keyguard("--passphrase-file", str(home.passphrase_file), *words)
    assert done.returncode == 0, done


def test_on_this_host(tmp_path: Path) -> None:
    home = DaemonHome(tmp_path, KEYS, KEYS)
    try:
        all_are_refused_after_the_end(home, home)
    finally:
        home.end()


def test_on_another_host_of_the_database(hosts: tuple[DaemonHome, DaemonHome]) -> None:
    all_are_refused_after_the_end(*hosts)


def all_are_refused_after_the_end(here: DaemonHome, there: DaemonHome) -> None:
    declared(here, "person", "add", "hana", "--os-user", getpass.getuser())
    declared(here, "grant", "add", "hana", "--desk", "mm", "--scopes", "read,trade_spot")
    there.start()
    with there.client() as keys:
        for number in range(KEYS):
            assert keys.get(f"bybit/mm/bot{number}").new
        assert not any(keys.get(f"bybit/mm/bot{number}").new for number in range(KEYS))  # inside their lease
        declared(here, "person", "offboard", "hana", "--yes")
        assert [refusal(keys, number) for number in range(KEYS)] == ["rights.person_ended"] * KEYS
    assert len(there.records("handout")) == KEYS
    there.verify()


def refusal(keys: Client, number: int) -> str:
    with pytest.raises(KeyguardError) as caught:
        keys.get(f"bybit/mm/bot{number}")
    return caught.value.code
