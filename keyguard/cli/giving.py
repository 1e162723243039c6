"""How `keyguard run` gets its keys: from the daemon where one runs, else by opening the home itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from keyguard.cli import daemons, on_demand, session
from keyguard.cli.environment import Handed
from keyguard.core.errors import DaemonError, KeyguardError, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Environment, Key, KeyKind
from keyguard.core.secret import Secret
from keyguard.processes import start_time
from keyguard.workflows import handout
from keyguard.workflows.identity import Process

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from keyguard.cli.output import Output
    from keyguard.core.findings import Item
    from keyguard.ports.all import Ports
    from keyguard.rpc.client import Connection
    from keyguard.workflows.handout import HandOut
    from keyguard.workflows.use_checks import RaiseAlert


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is said of every hand-out of this run. `mode` is KGA's word, `command` the command's name and
    `executable` its file."""

    text: str
    mode: str
    command: str
    executable: str
    environment: Environment


@dataclass(frozen=True, slots=True)
class Given:
    """A version of a key that was handed out, and the lease it is held by."""

    handed: Handed
    lease: str
    version: int


class Giver(Protocol):
    """Hands keys out to one command."""

    def give(self, name: str) -> Given:
        """Hand a key out to us, for the command; its record is on disk before its secret is read."""
        ...

    def attach(self, given: Given, pid: int, started: str) -> Given:
        """The command runs as this process: the lease ends with it from now on."""
        ...

    def switched(self, given: Given) -> bool:
        """Whether another version of the key is in use by now."""
        ...

    def end(self, lease: str) -> None:
        """The command uses it no more."""
        ...


@contextlib.contextmanager
def giver(args: argparse.Namespace, out: Output, purpose: Purpose) -> Iterator[Giver]:
    """The daemon of this home where one runs or is to be started, locked or not: it is not gone around.

    Raises DaemonError for one of another version or user, and what opening the home raises.
    """
    home = session.home_of(args)
    connection: Connection | None
    try:
        connection = daemons.reach(home)
    except DaemonError as error:
        if error.code != "daemon.not_running":
            raise
        connection = on_demand.daemon(home, args, out)
    if connection is not None:
        config = home.read()
        session.announce(config, out)
        with contextlib.closing(
            FromDaemon(connection, lambda: daemons.reach(home), purpose, config.adapters)
        ) as from_daemon:
            yield from_daemon
        return
    with session.opened(args, out) as ports:

        def tell(found: Item, _: bool) -> None:
            out.talk(f"keyguard: alert: {found.subject}: {found.text}")

        yield FromHome(ports, purpose, tell)


class FromDaemon:
    """The daemon knows us by the kernel's word and pins each lease to the command."""

    def __init__(
        self,
        connection: Connection,
        again: Callable[[], Connection],
        purpose: Purpose,
        adapters: Sequence[str] = (),
    ) -> None:
        self._connection: Connection | None = connection
        self._adapters = adapters
        self._again = again
        self._purpose = purpose

    def give(self, name: str) -> Given:
        """See Giver."""
        purpose = self._purpose
        told = self._call(
            "handout.get",
            key=name,
            purpose=purpose.text,
            mode=purpose.mode,
            command=purpose.command,
            environment=purpose.environment.value,
        )
        return Given(_handed(told, self._adapters), str(told["lease"]), int(told["version"]))

    def attach(self, given: Given, pid: int, started: str) -> Given:
        """See Giver; the daemon sees for itself when the process started."""
        try:
            moved = self._call("handout.attach", lease=given.lease, pid=pid)
        except DaemonError as error:
            if error.code != "daemon.no_child":  # one that has ended already: we end the lease ourselves
                raise
            return given
        return Given(given.handed, str(moved["lease"]), given.version)

    def switched(self, given: Given) -> bool:
        """See Giver. A daemon that was started again meanwhile is asked too."""
        return bool(self._call("handout.watch", key=given.handed.key.id)["version"] != given.version)

    def end(self, lease: str) -> None:
        """See Giver. Where the daemon has gone, or gives us no say over the command's lease, it ends with
        the command."""
        with contextlib.suppress(DaemonError, UsageError):
            self._call("handout.end", lease=lease)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        if self._connection is None:
            self._connection = self._again()
        try:
            return self._connection.call(method, **params)
        except DaemonError as error:
            if error.code in ("daemon.gone", "daemon.silent"):
                self.close()
                self._connection = None
            raise


class FromHome:
    """Without a daemon: this process opens the store, records and releases."""

    def __init__(self, ports: Ports, purpose: Purpose, tell: RaiseAlert) -> None:
        self._ports = ports
        self._purpose = purpose
        self._tell = tell
        self._given: dict[str, HandOut] = {}
        self._process = Process(os.getpid(), start_time(os.getpid()), purpose.command, purpose.executable)

    def give(self, name: str) -> Given:
        """See Giver."""
        purpose = self._purpose
        self._renew(name)
        return self._noted(
            handout.hand_out(
                self._ports,
                name,
                purpose=purpose.text,
                mode=purpose.mode,
                actor=session.actor(),
                process=self._process,
                environment=purpose.environment,
                raise_alert=self._tell,
            )
        )

    def _renew(self, name: str) -> None:
        """Without a daemon nobody replaces the token of a sign-in; one that has not ended is good still."""
        key = self._ports.inventory.find_key(name)
        if key.kind is not KeyKind.OAUTH:
            return
        from keyguard.workflows.refresh import refresh  # noqa: PLC0415 - for these keys alone
        from keyguard.workflows.sign_in import tokens_of  # noqa: PLC0415 - so

        try:
            refresh(self._ports, name, due_within=tokens_of(self._ports, key.venue).late)
        except KeyguardError:
            refresh(self._ports, name, due_within=timedelta(0))

    def attach(self, given: Given, pid: int, started: str) -> Given:
        """See Giver."""
        process = Process(pid, started, self._purpose.command)
        return self._noted(handout.attach(self._ports, self._given.pop(given.lease), process))

    def switched(self, given: Given) -> bool:
        """See Giver."""
        return self._ports.inventory.live_version(given.handed.key.id).number != given.version

    def end(self, lease: str) -> None:
        """See Giver."""
        self._given.pop(lease, None)
        handout.end(self._ports, lease)

    def _noted(self, one: HandOut) -> Given:
        self._given[one.lease_id] = one
        handed = Handed(one.key, self._ports.gateway.adapter(one.key.venue).facts, one.credential)
        return Given(handed, one.lease_id, one.version.number)


def _handed(told: dict[str, Any], adapters: Sequence[str]) -> Handed:
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
    return Handed(key, registry.load(venue, adapters).facts, credential)
