"""How `keyguard run` gets its keys where a daemon runs."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from keyguard.cli import daemons, session
from keyguard.cli.environment import Handed
from keyguard.core.errors import DaemonError, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key, KeyKind
from keyguard.core.secret import Secret

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.rpc.client import Connection


def reached(args: argparse.Namespace, out: Output) -> Connection | None:
    """The daemon of this home, None where none runs; DaemonError for one of another version or user."""
    home = session.home_of(args)
    try:
        connection = daemons.reach(home)
    except DaemonError as error:
        if error.code != "daemon.not_running":
            raise
        return None
    session.announce(home.read(), out)
    return connection


class FromDaemon:
    """Through the daemon, which knows us by the kernel's word and pins each lease to the command."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._given: dict[str, tuple[Handed, str]] = {}

    def give(self, name: str, purpose: str, command: str) -> Handed:
        """Hand a key out for this command; its record is on disk before its secret is read."""
        told = self._connection.call("handout.get", key=name, purpose=purpose, mode="env", command=command)
        handed = _handed(told)
        self._given[handed.key.id] = handed, str(told["lease"])
        return handed

    def started(self, pid: int, at: str) -> None:
        """The command runs as this process: the leases end with it from now on."""
        for key_id, (handed, lease) in self._given.items():
            try:
                moved = self._connection.call("handout.attach", lease=lease, pid=pid)
            except DaemonError as error:
                if error.code != "daemon.no_child":  # one that has ended already: we end the lease ourselves
                    raise
            else:
                self._given[key_id] = handed, str(moved["lease"])

    def close(self) -> None:
        """The command ended: end its leases.

        Where the daemon has gone, or gives us no say over the command's lease, it ends with the command.
        """
        for _, lease in self._given.values():
            with contextlib.suppress(DaemonError, UsageError):
                self._connection.call("handout.end", lease=lease)


def _handed(told: dict[str, Any]) -> Handed:
    from keyguard.gateway import registry  # noqa: PLC0415 - imports the venue's adapter

    try:
        parts, (venue, desk, label) = told["credential"], told["key"].split("/", 2)
        passphrase, kind = parts.get("passphrase"), KeyKind(parts["kind"])
        credential = Credential(
            key=parts["key"],
            secret=Secret(parts["secret"]),
            passphrase=None if passphrase is None else Secret(passphrase),
            kind=kind,
        )
        key = Key(id=told["id"], venue=venue, desk=desk, label=label, kind=kind)
    except (LookupError, ValueError, TypeError, AttributeError):
        raise DaemonError("the daemon's answer holds no key", code="daemon.answer") from None
    return Handed(key, registry.load(venue).facts, credential)
