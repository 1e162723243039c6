"""Keys for a Python program, from the daemon of this machine.

    from keyguard.client import Client

    with Client() as keys:
        key = keys.get("bybit/mm/bot", purpose="quote BTCUSDT")
        exchange = Exchange(api_key=key.key, secret=key.secret.reveal())
        for key in keys.watch("bybit/mm/bot"):     # first the version in use, then each new one
            ...

`keyguard.client.aio` has the same for asyncio. Importing this module loads no event loop and no third party.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keyguard.client.handed import HandedKey, asked, handed
from keyguard.client.locating import socket_path
from keyguard.core.errors import DaemonError, KeyguardError, StoreError, UsageError
from keyguard.rpc.client import Connection

__all__ = ["Client", "DaemonError", "HandedKey", "KeyguardError", "StoreError", "UsageError"]


class Client:
    """A connection to the daemon; for one thread at a time.

    `home` as for `--home`; `socket` names the daemon's socket itself. Raises DaemonError where no daemon
    runs, or one of another version or user.
    """

    def __init__(self, home: Path | str | None = None, *, socket: Path | str | None = None) -> None:
        self._path = socket_path(home, socket)
        self._connection = Connection(self._path)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. Leases go on until the process ends or their time is over; `end` ends one at once."""
        self._connection.close()

    def get(self, key: str, *, purpose: str = "", lease_s: int = 0, fresh: bool = False) -> HandedKey:
        """The live version of a key, by id, name or any unambiguous part of the name.

        The first time it is a hand-out: recorded in the audit log, leased to this process for `lease_s`
        seconds (0: until it ends). Asking the same again inside the lease gives the same at once and makes
        no further record, unless `fresh`. After a rotation it gives the new version, and the lease of the
        old one ends. Raises UsageError for an unknown key or one this user may not have, StoreError for a
        locked store. With KEYGUARD_ENVIRONMENT=test in the environment no live key is given.
        """
        told = self._connection.call("handout.get", **asked(key, purpose, lease_s, fresh=fresh))
        if replaced := told.get("replaces"):
            self._connection.call("handout.end", lease=replaced)
        return handed(told)

    def renew(self, key: HandedKey, lease_s: int) -> None:
        """Let its lease run for `lease_s` more seconds from now; UsageError where it may not."""
        self._connection.call("handout.renew", lease=key.lease, lease_s=lease_s)

    def end(self, key: HandedKey) -> None:
        """Say that this process does not use the key any more."""
        self._connection.call("handout.end", lease=key.lease)

    def watch(self, key: str, *, purpose: str = "", lease_s: int = 0) -> Iterator[HandedKey]:
        """Yield the key, then each new version after a rotation, for ever.

        The lease of a version ends when the next one is asked for, so switch before going on with the loop.
        Takes a connection of its own.
        """
        with Connection(self._path) as own:
            own.call("handout.watch", key=key)
            current = ""
            while True:
                told = own.call("handout.get", **asked(key, purpose, lease_s))
                if told["lease"] != current:
                    current = told["lease"]
                    yield handed(told)
                    if replaced := told.get("replaces"):
                        own.call("handout.end", lease=replaced)
                own.notice()

    def keys(self) -> list[dict[str, Any]]:
        """The keys this process may ask for: id, name, venue, desk, label, kind, environment, purpose."""
        return list(self._connection.call("key.list").get("keys", []))
