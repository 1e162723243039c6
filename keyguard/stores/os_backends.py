"""Which OS keyring this system has, by the name of its class: discovery would fall back to plaintext."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from keyguard.stores import secret_service


class ItemApi(Protocol):
    """The three calls of a keyring library backend."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return the value, None if there is none."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Create or replace."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Remove; raises its library's error if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class OsBackend:
    """One system's keyring.

    api          the library's backend, made when first needed
    probe        "" if usable now, else why not
    failures     exceptions of its own libraries, beside the keyring library's and OSError
    usernames    (its api, a service) finds all user names; None: it cannot search, an index item is kept
    limit        characters (ASCII) a value may have; None: more than any credential
    one_a_service  it keeps one item per service and juggles the others, losing one when two processes
                 write at once (Windows); each item then gets a service of its own
    """

    api: Callable[[], ItemApi]
    probe: Callable[[], str]
    failures: Callable[[], tuple[type[Exception], ...]] = tuple
    usernames: Callable[[Any, str], list[str]] | None = None
    limit: int | None = None
    one_a_service: bool = False


SECRET_SERVICE = OsBackend(
    api=secret_service.SecretService,
    probe=secret_service.probe,
    failures=secret_service.failures,
    usernames=secret_service.SecretService.usernames,
)
MACOS_KEYCHAIN = OsBackend(
    api=lambda: _named("keyring.backends.macOS", "Keyring"),
    probe=lambda: _viable("keyring.backends.macOS", "Keyring"),
)
WINDOWS_VAULT = OsBackend(
    api=lambda: _named("keyring.backends.Windows", "WinVaultKeyring"),
    probe=lambda: _viable("keyring.backends.Windows", "WinVaultKeyring"),
    failures=lambda: (importlib.import_module("win32ctypes.pywin32.pywintypes").error,),
    limit=1280,
    one_a_service=True,
)


def os_backend(platform: str = sys.platform) -> OsBackend | None:
    """The keyring of a platform (`sys.platform`'s words), None where keyguard knows none."""
    if platform.startswith("linux"):
        return SECRET_SERVICE
    return {"darwin": MACOS_KEYCHAIN, "win32": WINDOWS_VAULT}.get(platform)


def _named(module: str, name: str) -> Any:
    keyring = getattr(importlib.import_module(module), name)()
    vars(keyring).clear()  # KEYRING_PROPERTY_… of the environment must not redirect it
    return keyring


def _viable(module: str, name: str) -> str:
    try:
        getattr(importlib.import_module(module), name).priority  # noqa: B018 - raises the reason
    except RuntimeError as error:
        return str(error)
    return ""
