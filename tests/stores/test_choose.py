"""Which store a new home gets, and which OS keyring a system has."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import StoreError
from keyguard.stores import os_keyring
from keyguard.stores.choose import choose_store
from keyguard.stores.os_backends import MACOS_KEYCHAIN, SECRET_SERVICE, WINDOWS_VAULT, os_backend
from keyguard.stores.os_keyring import OsKeyring, probe
from tests.fakes.small_keyring import SmallKeyring

if TYPE_CHECKING:
    from pathlib import Path


def test_a_usable_keyring_is_chosen() -> None:
    choice = choose_store(lambda: "")

    assert choice.store == "os-keyring"
    assert "unlocked" in choice.reason


def test_else_the_file_and_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)

    choice = choose_store()

    assert choice.store == "file"
    if sys.platform == "linux":
        assert "no D-Bus session bus" in choice.reason


@pytest.mark.parametrize(
    ("platform", "backend"),
    [("linux", SECRET_SERVICE), ("darwin", MACOS_KEYCHAIN), ("win32", WINDOWS_VAULT), ("sunos5", None)],
)
def test_each_system_has_its_keyring(platform: str, backend: object) -> None:
    assert os_backend(platform) is backend


@pytest.mark.skipif(sys.platform != "linux", reason="asks for the keyrings of other systems")
def test_another_systems_keyring_says_why_it_cannot_be_used() -> None:
    assert "macOS" in probe(MACOS_KEYCHAIN)
    assert "Windows" in probe(WINDOWS_VAULT)


def test_a_system_without_a_known_keyring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os_keyring, "os_backend", lambda: None)

    assert "knows no OS keyring" in probe()
    with pytest.raises(StoreError) as caught:
        OsKeyring("home", tmp_path / "lock").names()
    assert caught.value.code == "store.missing"


def test_a_probe_that_fails_is_a_reason_too() -> None:
    def broken() -> str:
        raise OSError("FAKE")

    assert "failed" in probe(replace(SmallKeyring().backend(), probe=broken))
