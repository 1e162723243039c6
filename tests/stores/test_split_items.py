"""The OS keyring store where a keyring has small values and no search, cut off at every step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import NotStored, StoreError
from keyguard.core.secret import Secret
from keyguard.stores.os_keyring import OsKeyring
from tests.fakes.small_keyring import PowerCut, SmallKeyring
from tests.stores.contract_secrets import FAKE_SECRET, OTHER_SECRET, SecretStoreContract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LONG = Secret("FAKE" + "\U0001f511한x" * 900)


@pytest.fixture
def keyring() -> SmallKeyring:
    return SmallKeyring()


@pytest.fixture
def reopened(keyring: SmallKeyring, tmp_path: Path) -> Callable[[], OsKeyring]:
    return lambda: OsKeyring("home", tmp_path / "lock", keyring.backend())


@pytest.fixture
def store(reopened: Callable[[], OsKeyring]) -> OsKeyring:
    return reopened()


class TestSmallKeyring(SecretStoreContract):
    @pytest.fixture
    def store(self, reopened: Callable[[], OsKeyring]) -> OsKeyring:
        return reopened()

    @pytest.fixture
    def reopened(self, keyring: SmallKeyring, tmp_path: Path) -> Callable[[], OsKeyring]:
        return lambda: OsKeyring("home", tmp_path / "lock", keyring.backend())


def cut_after(keyring: SmallKeyring, steps: int, act: Callable[[], object]) -> bool:
    """Do it with a power cut after so many steps; True if it came."""
    keyring.steps_left = steps
    try:
        act()
    except PowerCut:
        return True
    finally:
        keyring.steps_left = None
    return False


@pytest.mark.parametrize("value", [FAKE_SECRET, LONG], ids=["short", "long"])
def test_a_put_cut_off_anywhere_leaves_all_or_nothing_and_can_be_repeated(
    tmp_path: Path, value: Secret
) -> None:
    steps, was_cut = 0, True
    while was_cut:
        keyring = SmallKeyring()
        store = OsKeyring("home", tmp_path / "lock", keyring.backend())
        store.put("before/short", OTHER_SECRET)
        store.put("before/long", LONG)

        was_cut = cut_after(keyring, steps, lambda store=store: store.put("new", value))

        if "new" in store.names():
            assert store.get("new") == value
        else:
            with pytest.raises(NotStored):
                store.get("new")
        assert store.get("before/short") == OTHER_SECRET
        assert store.get("before/long") == LONG
        store.put("new", value)
        assert store.names() == ("before/long", "before/short", "new")
        assert store.get("new") == value
        steps += 1
    assert steps > 3


@pytest.mark.parametrize("value", [FAKE_SECRET, LONG], ids=["short", "long"])
def test_a_removal_cut_off_anywhere_can_be_repeated_and_leaves_no_piece(
    tmp_path: Path, value: Secret
) -> None:
    steps, was_cut = 0, True
    while was_cut:
        keyring = SmallKeyring()
        store = OsKeyring("home", tmp_path / "lock", keyring.backend())
        store.put("before", LONG)
        store.put("old", value)

        was_cut = cut_after(keyring, steps, lambda store=store: store.delete("old"))

        if "old" in store.names():
            assert store.get("old") == value
        store.delete("old")
        assert store.names() == ("before",)
        assert store.get("before") == LONG
        assert not [username for _, username in keyring.items if username.startswith("home/old")]
        steps += 1
    assert steps > 2


def test_a_shorter_value_after_a_broken_longer_one(keyring: SmallKeyring, store: OsKeyring) -> None:
    assert cut_after(keyring, 6, lambda: store.put("new", LONG))

    store.put("new", FAKE_SECRET)
    assert store.get("new") == FAKE_SECRET
    store.delete("new")
    assert not [username for _, username in keyring.items if username.startswith("home/new")]


def test_an_item_with_a_missing_or_foreign_part_is_never_read_as_whole(
    keyring: SmallKeyring, store: OsKeyring
) -> None:
    store.put("version/1", LONG)
    part = ("keyguard:home/version/1#2", "home/version/1#2")
    original = keyring.items[part]

    for broken in (None, "kg1:FAKE other part", "FAKE no part"):
        keyring.items.pop(part)
        if broken:
            keyring.items[part] = broken
        with pytest.raises(StoreError) as caught:
            store.get("version/1")
        assert caught.value.code == "store.damaged"
        keyring.items[part] = original

    assert store.get("version/1") == LONG


@pytest.mark.parametrize(
    "head", ["kg1-parts:2", "kg1-parts:x:00", "kg1-parts:9999999:00", "kg2:FAKE", "kg1:FAKE%ff", ""]
)
def test_a_head_of_another_format_is_damaged(keyring: SmallKeyring, store: OsKeyring, head: str) -> None:
    keyring.items["keyguard:home/version/1", "home/version/1"] = head

    with pytest.raises(StoreError) as caught:
        store.get("version/1")

    assert caught.value.code == "store.damaged"


def test_no_value_can_break_a_keyring_kept_as_plain_lines(keyring: SmallKeyring, store: OsKeyring) -> None:
    store.put("pem", Secret("-----FAKE KEY-----\r\n[section]\nsecret=x\\n\0\t 키\u2028\n" * 40))
    store.put("plain", Secret("FAKEabc0+/=="))

    assert keyring.items["keyguard:home/plain", "home/plain"] == "kg1:FAKEabc0+/=="
    for value in keyring.items.values():
        assert value.isascii() and value.isprintable() and "\\" not in value and " " not in value


def test_a_keyring_that_forgets_is_found_out(keyring: SmallKeyring, store: OsKeyring) -> None:
    keyring.forgetful = True

    with pytest.raises(StoreError) as caught:
        store.put("version/1", FAKE_SECRET)

    assert caught.value.code == "store.not_kept"


def test_the_librarys_words_stay_out_of_our_errors(keyring: SmallKeyring, store: OsKeyring) -> None:
    keyring.locked = True

    with pytest.raises(StoreError) as caught:
        store.get("version/1")

    assert caught.value.code == "store.locked"
    assert "FAKE" not in f"{caught.value} {caught.value.still} {caught.value.hint}"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("text", ["kg1:{}", "kg1:nonsense", 'kg1:{"generation":1,"names":7}', "kg2:{}"])
@pytest.mark.parametrize("which", [0, 1])
def test_a_damaged_list_is_never_read_as_a_shorter_one(
    keyring: SmallKeyring, store: OsKeyring, text: str, which: int
) -> None:
    for name in ("a", "b", "c"):
        store.put(name, FAKE_SECRET)
    keyring.items[f"keyguard:home#names-{which}", f"home#names-{which}"] = text

    for act in (store.names, lambda: store.put("d", FAKE_SECRET)):
        with pytest.raises(StoreError) as caught:
            act()
        assert caught.value.code == "store.damaged"
    assert store.get("c") == FAKE_SECRET


def test_a_locked_list_is_said_to_be_locked(keyring: SmallKeyring, store: OsKeyring) -> None:
    keyring.locked = True

    with pytest.raises(StoreError) as caught:
        store.names()

    assert caught.value.code == "store.locked"
