"""The store while the daemon runs: it follows the home, and is locked where it cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import StoreError
from keyguard.core.secret import Secret
from keyguard.daemon.custody import Custody
from keyguard.daemon.homes import HomeNow
from keyguard.home import Config, Home
from tests.fakes.memory_store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = Config(id="00ff", store="file")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.write(CONFIG)
    return made


class Stores:
    """Two stores of a home. `opens`: the passphrase that the one named here takes."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.opens: dict[str, str] = {"file": "FAKE one", "os-keyring": ""}
        self.of = {"file": MemoryStore(), "os-keyring": MemoryStore()}
        for store in self.of.values():
            store.put("item", Secret("FAKE"))

    def make(self, source: Callable[[], Secret]) -> MemoryStore:
        kind = self.home.read().store
        if self.opens[kind] not in ("", source().reveal()):
            raise StoreError("wrong passphrase", code="store.passphrase")
        return self.of[kind]

    def custody(self) -> Custody:
        made = Custody(HomeNow(self.home).store, self.make, lambda: Secret("FAKE one"))
        made.unlock(lambda: Secret("FAKE one"))
        return made


def test_it_goes_on_with_the_store_the_home_uses_now(home: Home) -> None:
    stores = Stores(home)
    custody = stores.custody()
    home.write(replace(CONFIG, store="os-keyring"))
    stores.of["os-keyring"].put("later", Secret("FAKE later"))
    assert custody.get("later") == Secret("FAKE later")
    assert (custody.kind, custody.locked, custody.turn) == ("os_keyring", False, 0)


def test_what_it_cannot_open_is_locked_until_a_person_comes(home: Home) -> None:
    stores = Stores(home)
    home.write(replace(CONFIG, store="os-keyring"))
    custody = stores.custody()
    stores.opens["file"] = "FAKE other"
    home.write(CONFIG)
    with pytest.raises(StoreError) as refused:
        custody.get("item")
    assert (refused.value.code, custody.turn) == ("store.locked", 1)
    stores.opens["file"] = "FAKE one"  # it would open now, but nobody has said so
    assert custody.locked
    with pytest.raises(StoreError):
        custody.get("item")
    custody.unlock(lambda: Secret("FAKE one"))
    assert custody.get("item") == Secret("FAKE")


def test_one_that_was_locked_stays_so(home: Home) -> None:
    custody = Stores(home).custody()
    custody.lock()
    home.write(replace(CONFIG, store="os-keyring"))
    custody.follow()
    assert (custody.kind, custody.locked) == ("os_keyring", True)


def test_another_home_at_its_place_or_none_gives_nothing(home: Home) -> None:
    custody = Stores(home).custody()
    home.write(replace(CONFIG, id="11ee"))
    with pytest.raises(StoreError) as refused:
        custody.get("item")
    assert refused.value.code == "home.replaced"
    home.path.rename(home.path.with_name("elsewhere"))
    with pytest.raises(StoreError) as refused:
        custody.names()
    assert refused.value.code == "home.replaced"
    home.write(CONFIG)  # it was only away for a moment
    assert custody.get("item") == Secret("FAKE")


def test_a_configuration_that_cannot_be_read_changes_nothing(home: Home) -> None:
    custody = Stores(home).custody()
    home.config_file.write_text("half [ a line")
    assert custody.get("item") == Secret("FAKE")
