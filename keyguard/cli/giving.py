"""How `keyguard run` gets its keys: from the daemon where one runs, else from the store itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from keyguard.cli import daemons, session
from keyguard.cli.environment import Handed
from keyguard.core.errors import DaemonError, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key, KeyKind
from keyguard.core.secret import Secret
from keyguard.processes import start_time
from keyguard.workflows import handout
from keyguard.workflows.identity import Process

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.ports.all import Ports
    from keyguard.rpc.client import Connection
    from keyguard.workflows.handout import HandOut


class Giver(Protocol):
    """Hands keys out for one command."""

    def give(self, name: str, purpose: str, command: str) -> Handed:
        """Hand a key out, once however often it is named; its record is on disk before its secret is read."""
        ...

    def started(self, pid: int, at: str) -> None:
        """The command runs as this process: the leases end with it from now on."""
        ...

    def end(self) -> None:
        """The command ended."""
        ...


@contextlib.contextmanager
def giver(args: argparse.Namespace, out: Output) -> Iterator[Giver]:
    """The daemon's where it runs; DaemonError (exit 7) for one of another version or user."""
    home = session.home_of(args)
    try:
        connection = daemons.reach(home)
    except DaemonError as error:
        if error.code != "daemon.not_running":
            raise
        with session.opened(args, out) as ports, contextlib.ExitStack() as at_end:
            own = FromStore(ports)
            at_end.callback(own.end)
            yield own
        return
    session.announce(home.read(), out)
    with connection, contextlib.ExitStack() as at_end:
        giving = FromDaemon(connection)
        at_end.callback(giving.end)
        yield giving


class FromStore:
    """In this process, as where there is no daemon."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._given: dict[str, HandOut] = {}
        self._command = ""

    def give(self, name: str, purpose: str, command: str) -> Handed:
        """See Giver."""
        self._command = command
        key = self._ports.inventory.find_key(name)
        if key.id not in self._given:
            process = Process(os.getpid(), start_time(os.getpid()), command)
            self._given[key.id] = handout.hand_out(
                self._ports, key.id, purpose=purpose, mode="env", actor=session.actor(), process=process
            )
        one = self._given[key.id]
        return Handed(one.key, self._ports.gateway.adapter(one.key.venue).facts, one.credential)

    def started(self, pid: int, at: str) -> None:
        """See Giver."""
        for key_id, one in self._given.items():
            self._given[key_id] = handout.attach(self._ports, one, Process(pid, at, self._command))

    def end(self) -> None:
        """See Giver."""
        for one in self._given.values():
            handout.end(self._ports, one.lease_id)


class FromDaemon:
    """Through the daemon, which knows us by the kernel's word and pins each lease to the command."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._given: dict[str, tuple[Handed, str]] = {}

    def give(self, name: str, purpose: str, command: str) -> Handed:
        """See Giver."""
        told = self._connection.call("handout.get", key=name, purpose=purpose, mode="env", command=command)
        handed = _handed(told)
        self._given[handed.key.id] = handed, str(told["lease"])
        return handed

    def started(self, pid: int, at: str) -> None:
        """See Giver."""
        for key_id, (handed, lease) in self._given.items():
            try:
                moved = self._connection.call("handout.attach", lease=lease, pid=pid)
            except DaemonError as error:
                if error.code != "daemon.no_child":  # one that has ended already: we end the lease ourselves
                    raise
            else:
                self._given[key_id] = handed, str(moved["lease"])

    def end(self) -> None:
        """See Giver. Where the daemon has gone, or gives this process no say over the command's lease, the
        lease ends with the command all the same."""
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
