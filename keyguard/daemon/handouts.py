"""Keys handed to processes: recorded first, pinned to the process, ended with it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from keyguard.core.errors import DaemonError, KeyguardError, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key, KeyVersion
from keyguard.daemon.custody import Custody, Plaintext, locked
from keyguard.daemon.holders import Holder, Holders
from keyguard.daemon.leases import Ask, Lease, told
from keyguard.daemon.peers import Eyes, Peer
from keyguard.daemon.rights import Rights
from keyguard.daemon.settings import Settings
from keyguard.daemon.together import Together
from keyguard.ports import inventory
from keyguard.ports.all import Ports
from keyguard.workflows.handout_batch import Permit, Recorded, Use, Wanted, record, withdraw
from keyguard.workflows.identity import Actor, Process

SURE_S = 1.0
"""Seconds for which a right that was seen is taken to last where nothing in the database changed: rights end
by the clock too."""

NEW_COST = 5
"""Tokens of a hand-out that is written, beyond those of the request."""

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Session:
    """One connection: whose it is, what it may, and how it is told of changes."""

    holder: Holder
    admin: bool
    notify: Callable[[str, dict[str, Any]], None]
    closed: bool = False
    watched: dict[str, str] = field(default_factory=dict)
    """Key id -> id of the version it was last told of."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What the writer is given at once: a hand-out to `peer`, or leases that end, or one that moves."""

    wanted: Wanted | None = None
    peer: Peer | None = None
    ended: tuple[str, ...] = ()
    begun: tuple[inventory.Lease, ...] = ()


@dataclass(frozen=True, slots=True)
class _Given:
    recorded: Recorded
    credential: Credential
    stamp: int


class HandOuts:
    """All leases of the daemon. Lives on the event loop; the database is touched in two threads only."""

    def __init__(
        self,
        ports: Ports,
        custody: Custody,
        eyes: Eyes,
        settings: Settings,
        rights: Rights,
        actor_of: Callable[[Peer], Actor],
    ) -> None:
        self._ports = ports
        self._custody = custody
        self._plaintext = Plaintext(ports)
        self._eyes = eyes
        self._settings = settings
        self._rights = rights
        self._actor_of = actor_of
        self._writer = ThreadPoolExecutor(1, "writer")
        self.reader = ThreadPoolExecutor(2, "reader")
        self._orders = Together[_Order, _Given | None](self._write, self._writer)
        self._checks = Together[Lease, bool](self._check, self.reader)
        self._leases: dict[str, Lease] = {}
        self._of_version: dict[str, int] = {}
        self._unended: set[str] = set()
        self._sessions: set[Session] = set()
        self._watched_stamp = 0
        self.holders = Holders(eyes, settings.requests_per_s, self._holder_ended)
        self.last_use = asyncio.get_running_loop().time()

    def __len__(self) -> int:
        return len(self._leases)

    # --- hand-outs --------------------------------------------------------------------------------

    def get(
        self, session: Session, ask: Ask, lease_s: int, *, fresh: bool
    ) -> dict[str, Any] | Awaitable[dict[str, Any]]:
        """Hand a key out; inside its lease the same again, at once and without another record."""
        session.holder.demand_alive()
        lease = session.holder.asked.get(ask)
        if lease is None or fresh or lease.credential is None:
            return self._new(session, ask, lease_s, None)
        now = asyncio.get_running_loop().time()
        if now < lease.sure_until and lease.stamp == self._ports.inventory.stamp():
            self.last_use = now
            return told(lease, lease.credential, now, new=False, replaces="")
        return self._again(session, ask, lease_s, lease)

    async def renew(self, session: Session, lease_id: str, lease_s: int) -> dict[str, Any]:
        """Let a lease run on from now; refused where its version or the right to it ended."""
        lease = self._own(session, lease_id)
        if not await self._checks.submit(lease):
            raise UsageError(
                "the lease cannot be renewed: another version is live now, or the right to the key ended",
                code="handout.outdated",
                still="it runs to its end",
                hint="ask for the key again",
            )
        self._own(session, lease_id)  # it may have ended while we looked
        self._set_end(lease, lease_s)
        return {"lease": lease.id, "left_s": lease.left_s(asyncio.get_running_loop().time())}

    async def end(self, session: Session, lease_id: str) -> dict[str, Any]:
        """End a lease; on disk when this returns. One that ended already is fine."""
        lease = self._leases.get(lease_id)
        if lease is not None:
            self._own(session, lease_id)
            self._forget(lease)
            self.holders.release(lease.holder)
            await self._orders.submit(_Order(ended=(lease_id,)))
        return {"lease": lease_id}

    async def attach(self, session: Session, lease_id: str, pid: int) -> dict[str, Any]:
        """Move a lease to a process that its holder has started: it ends with that one."""
        lease = self._own(session, lease_id)
        child = self._eyes.child(session.holder.peer, pid)
        holder = self.holders.take(child)
        command = lease.holder.facts.command if lease.holder.facts else "unknown"
        try:
            with contextlib.suppress(DaemonError):  # gone already: the lease ends below
                command = (await self._facts(holder)).command
            clock = self._ports.clock
            row = inventory.Lease(
                clock.token(8).hex(), lease.version.id, child.pid, child.started, command, clock.now()
            )
            await self._orders.submit(_Order(begun=(row,), ended=(lease.id,)))
            self._forget(lease)
            moved = Lease(row.id, lease.key, lease.version, holder, lease.ask, lease.lease_s)
            if holder.gone:
                self._end_later(moved.id)
            else:
                self._keep(moved)
        finally:
            self.holders.release(holder)
        return {"lease": row.id}

    # --- changes ----------------------------------------------------------------------------------

    async def watch(self, session: Session, key_name: str) -> dict[str, Any]:
        """Tell this connection of new versions from now on."""
        key, version = await self._in_reader(self._watchable, session, key_name)
        session.watched[key.id] = version
        self._sessions.add(session)
        return {"id": key.id, "key": key.name}

    async def tell_changes(self) -> None:
        """Look whether a watched key has another version; cheap while nothing was committed."""
        wanted = sorted({key_id for session in self._sessions for key_id in session.watched})
        if not wanted:
            return
        stamp = self._ports.inventory.stamp()
        if stamp == self._watched_stamp:
            return
        live = await self._in_reader(self._ports.inventory.live_versions, wanted)
        self._watched_stamp = stamp
        for session in list(self._sessions):
            for key_id, known in list(session.watched.items()):
                version = live.get(key_id)
                if version is not None and version.id != known:
                    session.watched[key_id] = version.id
                    session.notify("handout.changed", {"id": key_id, "version": version.number})

    def hung_up(self, session: Session) -> None:
        """A connection ended; its process and their leases go on."""
        session.closed = True
        self._sessions.discard(session)
        self.holders.release(session.holder)

    # --- the store --------------------------------------------------------------------------------

    async def unlock(self, passphrase: Callable[[], Any]) -> None:
        """Open the store; StoreError leaves it as it was."""
        await self._in_reader(self._custody.unlock, passphrase)
        self.last_use = asyncio.get_running_loop().time()

    def lock(self) -> None:
        """Drop all plaintext and release none; leases run on."""
        self._custody.lock()
        self._plaintext.clear()
        for lease in self._leases.values():
            lease.credential = None

    # --- start and end ----------------------------------------------------------------------------

    async def adopt(self) -> None:
        """Take up the leases of an earlier daemon: pin those whose process runs, end the others."""
        rows = await self._in_reader(self._ports.inventory.running_leases)
        versions, keys = await self._in_reader(self._named, sorted({row.version_id for row in rows}))
        for row in rows:
            peer = self._eyes.again(row.pid, row.started)
            if peer is None:
                self._unended.add(row.id)
                continue
            version = versions[row.version_id]
            key = keys[version.key_id]
            self._keep(Lease(row.id, key, version, self.holders.take(peer), Ask(key.name, "", ""), 0))
        await self.settle()

    async def settle(self) -> None:
        """Write the ends that could not be written when they came."""
        self.holders.sweep()
        if self._unended:
            ended = tuple(self._unended)
            await self._orders.submit(_Order(ended=ended))
            self._unended.difference_update(ended)

    async def close(self) -> None:
        """Finish what is under way; leases stay, for their processes have the keys."""
        await self._orders.idle()
        await self._checks.idle()
        self.holders.close()
        await asyncio.get_running_loop().run_in_executor(None, self._writer.shutdown)
        await asyncio.get_running_loop().run_in_executor(None, self.reader.shutdown)

    # --- inside -----------------------------------------------------------------------------------

    async def _again(self, session: Session, ask: Ask, lease_s: int, lease: Lease) -> dict[str, Any]:
        now = asyncio.get_running_loop().time()
        if await self._checks.submit(lease) and lease.credential is not None:
            self.last_use = now
            return told(lease, lease.credential, now, new=False, replaces="")
        return await self._new(session, ask, lease_s, lease)

    async def _new(self, session: Session, ask: Ask, lease_s: int, replaced: Lease | None) -> dict[str, Any]:
        holder, turn = session.holder, self._custody.turn
        holder.bucket.take(NEW_COST, asyncio.get_running_loop().time())
        if self._custody.locked:
            raise locked()
        if len(holder.leases) >= self._settings.leases_per_process:
            raise UsageError(
                f"this process holds {len(holder.leases)} leases", code="handout.too_many", hint="end some"
            )
        wanted = await self._wanted(holder, ask, lease_s)
        given = await self._orders.submit(_Order(wanted, holder.peer))
        assert given is not None
        lease = Lease(
            given.recorded.lease_id, given.recorded.key, given.recorded.version, holder, ask, lease_s
        )
        if holder.gone or session.closed or self._custody.turn != turn:
            # Nobody is there to take it, or the store was locked meanwhile: recorded, but not given.
            self._end_later(lease.id)
            self._plaintext_unused(lease.version.id)
            raise locked() if self._custody.turn != turn else _went_away()
        now = self.last_use = asyncio.get_running_loop().time()
        lease.credential, lease.stamp, lease.sure_until = given.credential, given.stamp, now + SURE_S
        self._keep(lease)
        same = replaced is None or replaced.version.id == lease.version.id
        return told(lease, given.credential, now, new=True, replaces="" if same else replaced.id)  # type: ignore[union-attr]  # None is the same

    async def _wanted(self, holder: Holder, ask: Ask, lease_s: int) -> Wanted:
        facts, peer = await self._facts(holder), holder.peer
        return Wanted(
            key_name=ask.key_name,
            purpose=ask.purpose,
            mode=ask.mode,
            lease_s=lease_s,
            actor=self._actor_of(peer),
            process=Process(peer.pid, peer.started, facts.command),
            executable=facts.executable,
            private={**facts.private(), **({"declared_command": ask.declared} if ask.declared else {})},
        )

    async def _facts(self, holder: Holder) -> Any:
        known = self.holders.facts(holder)
        if known is None:
            known = holder.facts = await self._in_reader(self._eyes.facts, holder.peer)
        return known

    def _write(self, orders: Sequence[_Order]) -> list[_Given | KeyguardError | None]:
        """In the writer thread: one transaction for all, and only then is a credential read."""
        stamp = self._ports.inventory.stamp()
        wanted = [order.wanted for order in orders if order.wanted is not None]
        begun = [row for order in orders for row in order.begun]
        ended = [lease_id for order in orders for lease_id in order.ended]
        peers = {(o.peer.pid, o.peer.started): o.peer for o in orders if o.peer is not None}

        def may_use(use: Use) -> Permit:
            return self._rights(peers[use.process.pid, use.process.started], use)

        namer = self._plaintext.namer
        answers = iter(record(self._ports, namer, may_use, wanted, begun=begun, ended=ended))
        return [
            None if order.wanted is None else self._released(order.wanted, next(answers), stamp)
            for order in orders
        ]

    def _released(
        self, wanted: Wanted, answer: Recorded | KeyguardError, stamp: int
    ) -> _Given | KeyguardError:
        if isinstance(answer, KeyguardError):
            return answer
        try:
            return _Given(answer, self._plaintext.credential(answer.version), stamp)
        except KeyguardError as error:
            withdraw(self._ports, self._plaintext.namer, wanted, answer, error)
            return error

    def _check(self, leases: Sequence[Lease]) -> list[bool]:
        """In a reader thread: whether each version is still live and its holder may still use it."""
        stamp = self._ports.inventory.stamp()
        live = self._ports.inventory.live_versions(sorted({lease.key.id for lease in leases}))
        answers = []
        for lease in leases:
            version = live.get(lease.key.id)
            right = version is not None and version.id == lease.version.id and self._still_may(lease)
            answers.append(right)
            if right:
                lease.stamp, lease.sure_until = stamp, time.monotonic() + SURE_S
        return answers

    async def _in_reader(self, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.reader, work, *args)

    def _named(self, version_ids: list[str]) -> tuple[dict[str, KeyVersion], dict[str, Key]]:
        versions = dict(self._ports.inventory.versions_by_id(version_ids))
        key_ids = {version.key_id for version in versions.values()}
        return versions, {key_id: self._ports.inventory.find_key(key_id) for key_id in key_ids}

    def _watchable(self, session: Session, key_name: str) -> tuple[Key, str]:
        key = self._ports.inventory.find_key(key_name)
        version = self._ports.inventory.live_version(key.id)
        self._rights(session.holder.peer, self._use(session.holder, key, version, ""))
        return key, version.id

    def _still_may(self, lease: Lease) -> bool:
        use = self._use(lease.holder, lease.key, lease.version, lease.ask.purpose)
        try:
            self._rights(lease.holder.peer, use)
        except KeyguardError:
            return False
        return True

    def may_see(self, session: Session, keys: Sequence[Key]) -> list[Key]:
        """In a reader thread: those this peer may use for something; all for the daemon's own user."""
        if session.admin:
            return list(keys)
        live = self._ports.inventory.live_versions([key.id for key in keys])
        seen = []
        for key in keys:
            with contextlib.suppress(KeyguardError):
                if key.id in live:
                    self._rights(session.holder.peer, self._use(session.holder, key, live[key.id], ""))
                    seen.append(key)
        return seen

    def _use(self, holder: Holder, key: Key, version: KeyVersion, purpose: str) -> Use:
        """In a reader thread: a use by what can be seen of the process now."""
        facts, peer = self.holders.facts(holder) or self._eyes.facts(holder.peer), holder.peer
        process = Process(peer.pid, peer.started, facts.command)
        return Use(key, version, self._actor_of(peer), process, facts.executable, purpose)

    def _own(self, session: Session, lease_id: str) -> Lease:
        lease = self._leases.get(lease_id)
        if lease is None or (lease.holder is not session.holder and not session.admin):
            raise UsageError(
                "this process has no such lease", code="handout.no_lease", hint="ask for the key again"
            )
        return lease

    def _keep(self, lease: Lease) -> None:
        self._leases[lease.id] = lease
        lease.holder.leases[lease.id] = lease
        if lease.credential is not None:
            lease.holder.asked[lease.ask] = lease
        self._of_version[lease.version.id] = self._of_version.get(lease.version.id, 0) + 1
        self._set_end(lease, lease.lease_s)

    def _set_end(self, lease: Lease, lease_s: int) -> None:
        if lease.timer is not None:
            lease.timer.cancel()
        lease.until = lease.timer = None
        if lease_s:
            loop = asyncio.get_running_loop()
            lease.until = loop.time() + lease_s
            lease.timer = loop.call_at(lease.until, self._timed_out, lease)

    def _timed_out(self, lease: Lease) -> None:
        self._forget(lease)
        self._end_later(lease.id)
        self.holders.release(lease.holder)

    def _holder_ended(self, holder: Holder) -> None:
        ended = tuple(holder.leases)
        for lease in list(holder.leases.values()):
            self._forget(lease)
        self._end_later(*ended)

    def _forget(self, lease: Lease) -> None:
        """Drop a lease from memory, and the plaintext with the last one of its version."""
        if self._leases.pop(lease.id, None) is None:
            return
        lease.credential = None
        if lease.timer is not None:
            lease.timer.cancel()
        lease.holder.leases.pop(lease.id, None)
        if lease.holder.asked.get(lease.ask) is lease:
            del lease.holder.asked[lease.ask]
        left = self._of_version[lease.version.id] - 1
        if left:
            self._of_version[lease.version.id] = left
        else:
            del self._of_version[lease.version.id]
            self._plaintext.drop(lease.version.id)

    def _plaintext_unused(self, version_id: str) -> None:
        if version_id not in self._of_version:
            self._plaintext.drop(version_id)
        if self._custody.locked:
            self._plaintext.clear()  # what the writer read while the store was being locked

    def _end_later(self, *lease_ids: str) -> None:
        """Write ends that nobody waits for; those that cannot be written are kept for `settle`."""
        if not lease_ids:
            return
        self._unended.update(lease_ids)

        def written(done: asyncio.Future[_Given | None]) -> None:
            if done.cancelled() or done.exception() is not None:
                _LOG.warning("ends of %d leases could not be written yet", len(lease_ids))
            else:
                self._unended.difference_update(lease_ids)

        self._orders.submit(_Order(ended=lease_ids)).add_done_callback(written)


def _went_away() -> DaemonError:
    return DaemonError("the process that asked has gone", code="daemon.peer")
