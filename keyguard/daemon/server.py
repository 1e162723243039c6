"""The daemon: one event loop that admits connections, and what they share."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from keyguard import __version__
from keyguard.core.errors import DaemonError, KeyguardError, StoreError
from keyguard.core.keys import Key
from keyguard.daemon import accounts, signals
from keyguard.daemon.connection import Wire, where
from keyguard.daemon.custody import Custody
from keyguard.daemon.handouts import HandOuts
from keyguard.daemon.jobs import Jobs
from keyguard.daemon.methods import methods
from keyguard.daemon.peers import Eyes, Peer
from keyguard.daemon.presence import Presence
from keyguard.daemon.rights import Rights
from keyguard.daemon.schedule import Schedule
from keyguard.daemon.sessions import Session
from keyguard.daemon.settings import Settings
from keyguard.daemon.watching import Watching
from keyguard.daemon.workers import Workers
from keyguard.rpc.messages import PROTOCOL
from keyguard.workflows.identity import Actor
from keyguard.workflows.reminders import waiting

if TYPE_CHECKING:
    from keyguard.core.secret import Secret
    from keyguard.daemon.listening import Place
    from keyguard.daemon.notify import Notifier
    from keyguard.ports.all import Ports

_LOG = logging.getLogger(__name__)
_CHANGES_S = 0.25
_SETTLE_S = 5.0
_ALERTS_S = 60.0
_REFRESH_S = 600.0
"""Reads what is known of every key: with thousands of them that is work."""
_SETTLED_IN_S = 600.0
"""After a start, keys are looked at once bots have what they need."""
_RENEW_S = 300.0
_WORKFLOWS_S = 30.0
_PRESENCE_S = 60.0
_SEAL_S = 60.0
"""How often it is looked whether a seal is due: a revocation must not wait for the day's."""
_LAST_WORK_S = 20.0
"""What a request under way may still take when the daemon stops."""


class Server:
    """Everything of one running daemon. To be made and used on its event loop."""

    def __init__(
        self,
        *,
        ports: Ports,
        custody: Custody,
        own_source: Callable[[], Secret],
        eyes: Eyes,
        settings: Settings,
        rights: Rights,
        listening: Place,
        notifier: Notifier,
        jobs: Jobs,
        workers: Workers,
    ) -> None:
        self.settings = settings
        self.lingering = 0
        self.under_way: set[asyncio.Task[None]] = set()
        self.methods = methods(self)
        self._ports = ports
        self._custody = custody
        self._own_source = own_source
        self._eyes = eyes
        self._listening = listening
        self._notifier = notifier
        self._jobs = jobs
        self._workers = workers
        workers.told = jobs.news
        self._host = socket.gethostname()
        self._users: dict[int, str] = {}
        self._by_user: Counter[int] = Counter()
        self._stopping = asyncio.Event()
        self._homeless = False
        self._began = asyncio.get_running_loop().time()
        self.hand_outs = HandOuts(
            ports, custody, eyes, settings, rights, self._actor, self._host, jobs.raise_alert
        )
        self.watching = Watching(ports, self.hand_outs.ledger)
        self._presence = Presence(ports, self.hand_outs.ledger, self.hand_outs.namer, self._host)
        self._schedule = Schedule(lambda: ports.clock.token(1)[0] / 255)

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until told to stop; `ready` is called when the socket is served."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_note)
        signals.on_end(self.stop)
        await self._open_at_start()
        await self.hand_outs.adopt()
        self._plan()
        jobs = loop.create_task(self._schedule.run())
        server = await self._listening.serve(lambda: Wire(self))
        ready()
        _LOG.info("version %s serves", __version__)
        self._notifier.say("READY=1", f"STATUS=store {'locked' if self._custody.locked else 'open'}")
        try:
            await self._stopping.wait()
        finally:
            self._notifier.say("STOPPING=1")
            server.close()
            jobs.cancel()
            await self._finish()
            _LOG.info("ended; %d leases run on", len(self.hand_outs))

    @property
    def stopping(self) -> bool:
        """Whether no request is begun any more."""
        return self._stopping.is_set()

    def stop(self, why: str) -> None:
        """Take no more connections, finish what is under way, end."""
        _LOG.info("stops: %s", why)
        self._stopping.set()

    # --- connections ------------------------------------------------------------------------------

    def admit(
        self, end: Any, notify: Callable[[str, dict[str, Any]], None], hang_up: Callable[[], None]
    ) -> Session:
        """Who connected, or DaemonError: another user, or too many."""
        peer = self._eyes.identify(end)
        holder = None
        try:
            admin = peer.uid == accounts.own_uid()
            if not admin and not self.settings.system:
                raise DaemonError(
                    "this daemon serves its own user only",
                    code="daemon.other_user",
                    hint="start one of your own: keyguard daemon start",
                )
            settings = self.settings
            holder = self.hand_outs.holders.take(peer)
            if (
                self._by_user.total() >= settings.connections
                or self._by_user[peer.uid] >= settings.connections_per_user
                or len(holder.connections) >= settings.connections_per_process
            ):
                raise DaemonError(
                    "too many connections to the daemon",
                    code="daemon.too_many",
                    hint="close some; [daemon] in the configuration has the limits",
                )
        except DaemonError:
            if holder is not None:
                self.hand_outs.holders.release(holder)
            elif peer.pidfd >= 0:
                os.close(peer.pidfd)
            raise
        holder.connections.add(hang_up)
        self._by_user[peer.uid] += 1
        return Session(holder, admin, notify)

    def part(self, session: Session, hang_up: Callable[[], None]) -> None:
        """A connection ended."""
        uid = session.holder.peer.uid
        self._by_user[uid] -= 1
        if not self._by_user[uid]:
            del self._by_user[uid]
        session.holder.connections.discard(hang_up)
        self.watching.forget(session)
        self.hand_outs.hung_up(session)

    # --- what methods need ------------------------------------------------------------------------

    async def status(self) -> dict[str, Any]:
        """What `daemon status` shows."""
        loop = asyncio.get_running_loop()
        venues = await self.hand_outs.ledger.read(self._venues)
        unfinished = await self.hand_outs.ledger.read(self._unfinished)
        reminders = await self.hand_outs.ledger.read(self._reminders)
        return {
            "version": __version__,
            "protocol": PROTOCOL,
            "pid": os.getpid(),
            "uptime_s": int(loop.time() - self._began),
            "mode": "system" if self.settings.system else "user",
            "store": self.store_status(),
            "venues": venues,
            "jobs": self._schedule.upcoming(),
            "connections": self._by_user.total(),
            "processes": len(self.hand_outs.holders),
            "hand_outs": len(self.hand_outs),
            "unfinished_workflows": unfinished,
            "frozen": await self.hand_outs.ledger.read(self._frozen),
            "open_incidents": await self.hand_outs.ledger.read(self._incidents),
            "workflows": await self.hand_outs.ledger.read(self._workers.status),
            "reminders": reminders,
        }

    def store_status(self) -> dict[str, Any]:
        """Which store, and whether it is locked."""
        return {
            "kind": self._custody.kind,
            "locked": self._custody.locked,
            "auto_lock_s": self.settings.auto_lock_s,
        }

    async def unlock(self, passphrase: Secret | None) -> dict[str, Any]:
        """Open the store by this passphrase, else by what the daemon was started with."""
        await self.hand_outs.unlock(self._own_source if passphrase is None else lambda: passphrase)
        await self._presence.show()
        _LOG.info("the store was unlocked")
        return self.store_status()

    def lock(self) -> dict[str, Any]:
        """Drop all plaintext; leases run on."""
        self.hand_outs.lock()
        _LOG.info("the store was locked")
        return self.store_status()

    async def key_list(self, session: Session) -> dict[str, Any]:
        """The keys this peer may use; all for the daemon's own user."""
        ledger = self.hand_outs.ledger
        keys: Sequence[Key] = await ledger.read(self._ports.inventory.keys)
        if not session.admin:
            keys = await ledger.read(ledger.may_see, session.holder, keys)
        return {"keys": [_shown(key) for key in keys]}

    # --- inside -----------------------------------------------------------------------------------

    def _actor(self, peer: Peer) -> Actor:
        if peer.uid not in self._users:
            self._users[peer.uid] = accounts.name(peer.uid)
        return Actor(self._users[peer.uid], self._host)

    async def _open_at_start(self) -> None:
        """Unlock by what the daemon was started with; locked is how it starts where that fails."""
        try:
            await self.hand_outs.unlock(self._own_source)
        except KeyguardError as error:
            _LOG.info("starts locked: %s", error.code)
        await self._presence.show()

    def _plan(self) -> None:
        self._schedule.add("tell of new versions", _CHANGES_S, self.watching.tell_changes)
        self._schedule.add("end leases", _SETTLE_S, self.hand_outs.settle)
        self._schedule.add("look at the home", _SETTLE_S, self._look_at_home)
        every = self.settings.inspect_s
        if every:
            self._schedule.add("inspect keys", every, self._jobs.look, first_s=min(every, _SETTLED_IN_S))
        self._schedule.add("refresh sign-ins", _RENEW_S, self._jobs.renew, first_s=0.0)
        if self._workers.policy.automatic:
            self._schedule.add("run workflows", _WORKFLOWS_S, self._workers.work, first_s=_SETTLE_S)
        self._schedule.add("refresh findings", _REFRESH_S, self._jobs.refresh, first_s=_ALERTS_S)
        self._schedule.add("keep reviews", _REFRESH_S, self._jobs.review, first_s=_ALERTS_S)
        self._schedule.add("send alerts", _ALERTS_S, self._jobs.tell)
        self._schedule.add("seal the log", _SEAL_S, self._jobs.seal)
        if self.settings.watch:
            self._schedule.add("watch folders", _ALERTS_S, self._jobs.watch, first_s=0.0)
        self._schedule.add("heartbeat in the log", _PRESENCE_S, self._presence.show)
        if self.settings.auto_lock_s:
            self._schedule.add("auto-lock", min(self.settings.auto_lock_s / 2, 10.0), self._lock_if_idle)
        if self._notifier.watchdog_s:
            self._schedule.add("watchdog", self._notifier.watchdog_s, self._sign_of_life)

    async def _look_at_home(self) -> None:
        """The secrets may have been moved to another store, or the home away; an editor that takes the
        configuration away for a moment does not end us."""
        try:
            await self.hand_outs.ledger.read(self._custody.follow)
            self._homeless = False
        except StoreError as error:
            if error.code != "home.replaced":
                raise
            if self._homeless:
                self.stop(error.message)
            self._homeless = True
        if self._custody.locked:
            self.hand_outs.forget_plaintext()

    async def _lock_if_idle(self) -> None:
        idle = asyncio.get_running_loop().time() - self.hand_outs.last_use
        if not self._custody.locked and idle >= self.settings.auto_lock_s:
            self.lock()

    async def _sign_of_life(self) -> None:
        self._notifier.say("WATCHDOG=1")

    async def _finish(self) -> None:
        """Let what is under way end; what still is not done then was not given."""
        if self.under_way:
            await asyncio.wait(list(self.under_way), timeout=_LAST_WORK_S)
        with contextlib.suppress(KeyguardError):
            await self.hand_outs.settle()
        await self._jobs.close()
        await self._workers.close()
        await self._presence.end()
        await self.hand_outs.close()

    def _venues(self) -> list[dict[str, Any]]:
        gateway, every = self._ports.gateway, self._ports.inventory.keys()
        names = sorted({key.venue for key in every})
        return [{"venue": name, "clock_offset_ms": gateway.clock_offset_ms(name)} for name in names]

    def _frozen(self) -> list[dict[str, str]]:
        names = {key.id: key.name for key in self._ports.inventory.keys()}  # noqa: SIM118 - of the port
        return [
            {
                "id": one.id,
                "scope": one.scope.value,
                "subject": names.get(one.subject, one.subject),
                "since": f"{one.since:%Y-%m-%dT%H:%M:%SZ}",
                "reason": one.reason,
            }
            for one in self._ports.incidents.freezes()
        ]

    def _incidents(self) -> int:
        return len(self._ports.incidents.open())

    def _unfinished(self) -> int:
        return len(self._ports.journal.workflows(unfinished=True))

    def _reminders(self) -> list[dict[str, str]]:
        found = waiting(self._ports, self._ports.clock.now())
        return [{"key": one.subject, "text": one.text, "command": one.command} for one in found]


def _shown(key: Key) -> dict[str, str]:
    return {
        "id": key.id,
        "name": key.name,
        "venue": key.venue,
        "desk": key.desk,
        "label": key.label,
        "kind": key.kind.value,
        "environment": key.environment.value,
        "purpose": key.purpose,
    }


def _note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What asyncio would print with a traceback; ours has the type and the place."""
    error = context.get("exception")
    _LOG.error("in the event loop: %s", where(error) if error is not None else "no exception")
