"""The Secret Service of a Linux desktop (GNOME Keyring, KWallet, KeePassXC), with an end to every wait.

The keyring library's backend waits for answers and unlock prompts without limit and makes a default
keyring where there is none. Here it is given one opened by us: none is made, a call is answered within
`ANSWER_SECONDS`, a prompt within `PROMPT_SECONDS`.

What GNOME Keyring does with a prompt (tried with 42.1): without a display the prompter cannot start and
the prompt counts as dismissed at once; a prompter that is there but never answers is waited for.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

from keyguard.core.errors import StoreError

T = TypeVar("T")

ANSWER_SECONDS = 10.0
PROMPT_SECONDS = 120.0
_PROBE_SECONDS = 2.0
_BUS_NAME = "org.freedesktop.secrets"
_NO_SERVICE = "no keyring service is running in this session"
_NO_COLLECTION = "the keyring service has no default keyring"
_LOCKED = "the OS keyring is locked"


class SecretService:
    """The keyring library's backend for the Secret Service on one connection, its waits bounded.

    One connection, because GNOME Keyring (42.1 as tried, up to 50 as reported) aborts now and then when
    many short ones come and go, and takes the person's unlocked keyring with it; the library alone opens
    one for each call. Threads take turns. After a failure the connection is dropped, and the next call
    opens another.
    """

    def __init__(self, prompt_seconds: float = PROMPT_SECONDS) -> None:
        from keyring.backends.SecretService import Keyring

        keyring: Any = Keyring()  # type: ignore[no-untyped-call]
        vars(keyring).clear()  # KEYRING_PROPERTY_… of the environment must not choose another keyring
        self._backend = keyring.with_properties(get_preferred_collection=self._unlocked)
        self._prompt_seconds = prompt_seconds
        self._turn = threading.Lock()
        self._channel: _Channel | None = None

    def get_password(self, service: str, username: str) -> str | None:
        """Return the value, None if there is none."""
        value: str | None = self._call(lambda: self._backend.get_password(service, username))
        return value

    def set_password(self, service: str, username: str, password: str) -> None:
        """Create or replace."""
        self._call(lambda: self._backend.set_password(service, username, password))

    def delete_password(self, service: str, username: str) -> None:
        """Remove; raises the keyring library's error if there is none."""
        self._call(lambda: self._backend.delete_password(service, username))

    def usernames(self, service: str) -> list[str]:
        """Return the user names of all items of a service."""
        return self._call(lambda: _usernames(self._unlocked(), service))

    def _call(self, act: Callable[[], T]) -> T:
        """Do it; once more if an older connection turns out to lead nowhere. Every act may be repeated.

        Raises StoreError, the keyring library's errors, OSError and what `failures` lists.
        """
        with self._turn:
            used_before = self._channel is not None
            try:
                return act()
            except BaseException as error:
                self._drop()
                if not (used_before and isinstance(error, (ConnectionError, *failures()))):
                    raise
            try:
                return act()
            except BaseException:
                self._drop()
                raise

    def _unlocked(self) -> Any:
        """Return the default keyring, asking the person to unlock it where needed.

        Raises StoreError `store.missing`, `store.locked`.
        """
        from secretstorage.exceptions import ItemNotFoundException, SecretServiceNotAvailableException

        try:
            if self._channel is None:
                self._channel = _Channel()
            collection = _default(self._channel.connection, self._channel.session)
            if collection.is_locked():
                _unlock(collection, self._prompt_seconds)
        except ItemNotFoundException:
            raise missing(_NO_COLLECTION) from None
        except SecretServiceNotAvailableException:
            raise missing(_NO_SERVICE) from None
        return collection

    def _drop(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None


class _Channel:
    """A connection and the encrypted session on it. It stays open until `close`, or with its owner."""

    def __init__(self) -> None:
        from secretstorage.util import open_session

        self.connection = _connected(ANSWER_SECONDS)
        self.close = weakref.finalize(self, self.connection.close)
        self.connection.close = _stay_open  # the library closes it after each call
        try:
            self.session = open_session(self.connection)
        except BaseException:
            self.close()
            raise


def _stay_open() -> None:
    pass


def probe() -> str:
    """Return "" if items can be read and written now without a prompt, else why not, in words.

    Starts nothing: a service that D-Bus would have to start first has no unlocked keyring.
    """
    # jeepney comes with secretstorage and is as heavy.
    from jeepney.bus_messages import message_bus
    from jeepney.io.blocking import Proxy
    from secretstorage.exceptions import ItemNotFoundException

    try:
        with closing(_connected(_PROBE_SECONDS)) as connection:
            if not Proxy(message_bus, connection).NameHasOwner(_BUS_NAME)[0]:
                return _NO_SERVICE
            return _LOCKED if _default(connection).is_locked() else ""
    except ItemNotFoundException:
        return _NO_COLLECTION
    except TimeoutError:
        return "the keyring service does not answer"
    except StoreError as error:
        return error.message
    except failures() as error:
        return f"the keyring service fails ({type(error).__name__})"


def _default(connection: Any, session: Any = None) -> Any:
    """Return the default keyring; ItemNotFoundException without one.

    Asked twice: while other programs connect, GNOME Keyring (42.1 as tried) now and then denies having one.
    """
    from secretstorage import Collection
    from secretstorage.exceptions import ItemNotFoundException

    try:
        return Collection(connection, session=session)
    except ItemNotFoundException:
        return Collection(connection, session=session)


def failures() -> tuple[type[Exception], ...]:
    """What the libraries below the backend raise besides the keyring library's own errors."""
    from jeepney import DBusErrorResponse
    from secretstorage.exceptions import SecretStorageException

    return (SecretStorageException, DBusErrorResponse)


def _usernames(collection: Any, service: str) -> list[str]:
    found = _wrapper(collection.collection_path, "Collection", collection.connection)
    (paths,) = found.call("SearchItems", "a{ss}", {"service": service})
    names = (_username(path, collection.connection) for path in paths)
    return [name for name in names if name is not None]


def _username(path: str, connection: Any) -> str | None:
    from secretstorage.exceptions import ItemNotFoundException

    try:
        username = _wrapper(path, "Item", connection).get_property("Attributes").get("username")
    except ItemNotFoundException:
        return None  # removed by another process since it was found
    return None if username is None else str(username)


def _wrapper(path: str, interface: str, connection: Any) -> Any:
    from secretstorage.util import DBusAddressWrapper

    return DBusAddressWrapper(path, f"org.freedesktop.Secret.{interface}", connection)


def _unlock(collection: Any, prompt_seconds: float) -> None:
    try:
        collection.unlock(timeout=prompt_seconds)
    except TimeoutError:
        raise locked(f"nobody answered its prompt within {prompt_seconds:g} seconds") from None
    if collection.is_locked():
        raise locked("its prompt was dismissed, or there is no display to show it on")


def _connected(answer_seconds: float) -> Any:
    """Connect to the session bus; no later wait on this connection takes more than `answer_seconds`,
    unless the caller says how long. StoreError `store.missing` without a bus."""
    import secretstorage
    from secretstorage.exceptions import SecretServiceNotAvailableException

    try:
        connection = secretstorage.dbus_init()
    except (SecretServiceNotAvailableException, OSError, RuntimeError):
        raise missing("there is no D-Bus session bus, so no keyring service can be reached") from None
    receive = connection.receive

    def receive_in_time(*, timeout: float | None = None) -> Any:
        return receive(timeout=answer_seconds if timeout is None else timeout)

    # Every wait of jeepney's blocking connection goes through `receive`, most without a limit.
    connection.receive = receive_in_time
    return connection


def locked(why: str) -> StoreError:
    """The error for a keyring that stayed locked."""
    return StoreError(
        f"{_LOCKED}: {why}",
        code="store.locked",
        still="nothing was changed",
        hint="unlock it (log in to the desktop, or open its password program), then try again",
    )


def missing(why: str) -> StoreError:
    """The error for a machine or session without a keyring."""
    return StoreError(
        why,
        code="store.missing",
        still="nothing was changed",
        hint="start the desktop's keyring, or use the encrypted file: `keyguard init --store file`",
    )
