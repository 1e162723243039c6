"""The Secret Service of a Linux desktop (GNOME Keyring, KWallet, KeePassXC), with an end to every wait.

The keyring library's backend waits for answers and unlock prompts without limit and makes a default
keyring where there is none. Here it is given one opened by us: none is made, a call is answered within
`ANSWER_SECONDS`, a prompt within `PROMPT_SECONDS`.

What GNOME Keyring does with a prompt (tried with 42.1): without a display the prompter cannot start and
the prompt counts as dismissed at once; a prompter that is there but never answers is waited for.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import Any

from keyguard.core.errors import StoreError

ANSWER_SECONDS = 10.0
PROMPT_SECONDS = 120.0
_PROBE_SECONDS = 2.0
_BUS_NAME = "org.freedesktop.secrets"
_NO_SERVICE = "no keyring service is running in this session"
_NO_COLLECTION = "the keyring service has no default keyring"
_LOCKED = "the OS keyring is locked"


def backend(prompt_seconds: float = PROMPT_SECONDS) -> Any:
    """Return the keyring library's backend for the Secret Service, its waits bounded."""
    from keyring.backends.SecretService import Keyring

    keyring: Any = Keyring()  # type: ignore[no-untyped-call]
    vars(keyring).clear()  # KEYRING_PROPERTY_… of the environment must not choose another keyring
    return keyring.with_properties(get_preferred_collection=partial(_unlocked, prompt_seconds))


def usernames(service: str, prompt_seconds: float = PROMPT_SECONDS) -> list[str]:
    """Return the user names of all items of a service. Raises StoreError and what `failures` lists."""
    collection = _unlocked(prompt_seconds)
    with closing(collection.connection):
        found = [item.get_attributes() for item in collection.search_items({"service": service})]
    return [attributes["username"] for attributes in found if "username" in attributes]


def probe() -> str:
    """Return "" if items can be read and written now without a prompt, else why not, in words.

    Starts nothing: a service that D-Bus would have to start first has no unlocked keyring.
    """
    # jeepney comes with secretstorage and is as heavy.
    from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]  # noqa: PLC0415
    from jeepney.io.blocking import Proxy  # type: ignore[import-untyped]  # noqa: PLC0415
    from secretstorage import Collection
    from secretstorage.exceptions import ItemNotFoundException

    try:
        with closing(_connected(_PROBE_SECONDS)) as connection:
            if not Proxy(message_bus, connection).NameHasOwner(_BUS_NAME)[0]:
                return _NO_SERVICE
            return _LOCKED if Collection(connection).is_locked() else ""
    except ItemNotFoundException:
        return _NO_COLLECTION
    except TimeoutError:
        return "the keyring service does not answer"
    except StoreError as error:
        return error.message
    except failures() as error:
        return f"the keyring service fails ({type(error).__name__})"


def failures() -> tuple[type[Exception], ...]:
    """What the libraries below the backend raise besides the keyring library's own errors."""
    from jeepney import DBusErrorResponse  # type: ignore[import-untyped]  # noqa: PLC0415
    from secretstorage.exceptions import SecretStorageException

    return (SecretStorageException, DBusErrorResponse)


def _unlocked(prompt_seconds: float) -> Any:
    """Open the default keyring, asking the person to unlock it where needed; the caller closes it.

    Raises StoreError `store.missing`, `store.locked`.
    """
    from secretstorage import Collection
    from secretstorage.exceptions import ItemNotFoundException, SecretServiceNotAvailableException

    connection = _connected(ANSWER_SECONDS)
    try:
        collection = Collection(connection)
        if collection.is_locked():
            _unlock(collection, prompt_seconds)
    except ItemNotFoundException:
        connection.close()
        raise missing(_NO_COLLECTION) from None
    except SecretServiceNotAvailableException:
        connection.close()
        raise missing(_NO_SERVICE) from None
    except BaseException:
        connection.close()
        raise
    return collection


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
