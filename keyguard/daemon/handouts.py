"""Keys handed to processes: recorded first, pinned to the process, ended with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any

from keyguard.core.errors import DaemonError, UsageError
from keyguard.core.keys import Key, KeyVersion
from keyguard.daemon.custody import Custody, Plaintext, Unlocker, locked
from keyguard.daemon.holders import ActorOf, Holder, Holders
from keyguard.daemon.leases import Ask, Lease, told
from keyguard.daemon.ledger import SURE_S, Ledger
from keyguard.daemon.peers import Eyes, Facts
from keyguard.daemon.rights import Rights
from keyguard.daemon.sessions import Session
from keyguard.daemon.settings import Settings
from keyguard.ports import inventory
from keyguard.ports.all import Ports
from keyguard.workflows.handout_batch import Wanted
from keyguard.workflows.identity import Process
from keyguard.workflows.use_checks import RaiseAlert

NEW_COST = 5
"""Tokens of a hand-out that is written, beyond those of the request."""


class HandOuts:
    """All leases of the daemon. Lives on the event loop; what blocks is the ledger's."""

    def __init__(
        self,
        ports: Ports,
        custody: Custody,
        eyes: Eyes,
        settings: Settings,
        rights: Rights,
        actor_of: ActorOf,
        host: str,
        raise_alert: RaiseAlert,
    ) -> None:
        self._ports = ports
        self._custody = custody
        self._plaintext = Plaintext(ports)
        self.namer = self._plaintext.namer
        self._eyes = eyes
        self._settings = settings
        self._host = host
        self._leases: dict[str, Lease] = {}
        self._of_version: dict[str, int] = {}
        self.holders = Holders(eyes, settings.requests_per_s, actor_of, self._holder_ended)
        self.ledger = Ledger(ports, self._plaintext, self.holders, rights, raise_alert)
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
        if lease is None or fresh:
            return self._new(session, ask, lease_s, None)
        if lease.credential is None:
            return self._new(session, ask, lease_s, lease)
        now = asyncio.get_running_loop().time()
        if now < lease.sure_until and lease.stamp == self.ledger.stamp():
            self.last_use = now
            return told(lease, lease.credential, now, new=False, replaces="")
        return self._again(session, ask, lease_s, lease)

    async def renew(self, session: Session, lease_id: str, lease_s: int) -> dict[str, Any]:
        """Let a lease run on from now; refused where its version or the right to it ended."""
        lease = self._own(session, lease_id)
        if not await self.ledger.still_right(lease):
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
        """End a lease; on disk when this returns. One that ended already is fine, and so is one that this
        process has moved to its child: `run` says when the child has the next version."""
        lease = self._leases.get(lease_id)
        if lease is not None:
            if lease.giver is not session.holder:
                self._own(session, lease_id)
            self._forget(lease)
            self.holders.release(lease.holder)
            await self.ledger.change(ended=[lease_id])
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
                clock.token(8).hex(),
                lease.version.id,
                child.pid,
                child.started,
                command,
                clock.now(),
                person=lease.person,
                grant_id=lease.grant_id,
                host=self._host,
            )
            await self.ledger.change(begun=[row], ended=[lease.id])
            self._forget(lease)
            moved = Lease(
                row.id,
                lease.key,
                lease.version,
                holder,
                lease.ask,
                lease.lease_s,
                person=lease.person,
                grant_id=lease.grant_id,
                giver=session.holder,
            )
            if holder.gone:
                self.ledger.end_later(moved.id)
            else:
                self._keep(moved)
        finally:
            self.holders.release(holder)
        return {"lease": row.id}

    def hung_up(self, session: Session) -> None:
        """A connection ended; its process and their leases go on."""
        session.closed = True
        self.holders.release(session.holder)

    # --- the store --------------------------------------------------------------------------------

    async def unlock(self, passphrase: Unlocker) -> None:
        """Open the store; StoreError leaves it as it was."""
        await self.ledger.read(self._custody.unlock, passphrase)
        self.last_use = asyncio.get_running_loop().time()

    def lock(self) -> None:
        """Drop all plaintext and release none; leases run on."""
        self._custody.lock()
        self.forget_plaintext()

    def forget_plaintext(self) -> None:
        """Drop it from memory, as when the store was locked."""
        self._plaintext.clear()
        for lease in self._leases.values():
            lease.credential = None

    # --- start and end ----------------------------------------------------------------------------

    async def adopt(self) -> None:
        """Take up this host's leases of an earlier daemon: pin those whose process runs, end the others."""
        every = await self.ledger.read(self._ports.inventory.running_leases)
        rows = [row for row in every if row.is_on(self._host)]
        versions, keys = await self.ledger.read(self._named, sorted({row.version_id for row in rows}))
        gone: list[str] = []
        for row in rows:
            peer = self._eyes.again(row.pid, row.started)
            if peer is None:
                gone.append(row.id)
                continue
            version = versions[row.version_id]
            key = keys[version.key_id]
            holder, ask = self.holders.take(peer), Ask(key.name, "", "")
            self._keep(Lease(row.id, key, version, holder, ask, 0, person=row.person, grant_id=row.grant_id))
        await self.ledger.change(ended=gone)

    async def settle(self) -> None:
        """What comes again every few seconds: processes that no pidfd tells of, ends not yet written."""
        self.holders.sweep()
        await self.ledger.settle()

    async def close(self) -> None:
        """Finish what is under way; leases stay, for their processes have the keys."""
        self.holders.close()
        await self.ledger.close()

    # --- inside -----------------------------------------------------------------------------------

    async def _again(self, session: Session, ask: Ask, lease_s: int, lease: Lease) -> dict[str, Any]:
        now = asyncio.get_running_loop().time()
        if await self.ledger.still_right(lease) and lease.credential is not None:
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
        given = await self.ledger.hand_out(wanted, holder.peer)
        told_of = given.recorded
        lease = Lease(
            told_of.lease_id,
            told_of.key,
            told_of.version,
            holder,
            ask,
            lease_s,
            person=told_of.person,
            grant_id=told_of.grant_id,
        )
        if holder.gone or session.closed or self._custody.turn != turn:
            # Nobody is there to take it, or the store was locked meanwhile: recorded, but not given.
            self.ledger.end_later(lease.id)
            self._plaintext_unused(lease.version.id)
            raise locked() if self._custody.turn != turn else _went_away()
        now = self.last_use = asyncio.get_running_loop().time()
        lease.credential, lease.stamp, lease.sure_until = given.credential, given.stamp, now + SURE_S
        self._keep(lease)
        replaces = ""
        if replaced is not None and replaced.version.id != lease.version.id:
            replaces = replaced.id  # ends when the process says that it has switched
        elif replaced is not None:
            self._forget(replaced)
            self.ledger.end_later(replaced.id)
        return told(lease, given.credential, now, new=True, replaces=replaces)

    async def _wanted(self, holder: Holder, ask: Ask, lease_s: int) -> Wanted:
        facts, peer = await self._facts(holder), holder.peer
        return Wanted(
            key_name=ask.key_name,
            purpose=ask.purpose,
            mode=ask.mode,
            lease_s=lease_s,
            actor=self.holders.actor_of(peer),
            process=Process(peer.pid, peer.started, facts.command, facts.executable),
            environment=ask.environment,
            private={**facts.private(), **({"declared_command": ask.declared} if ask.declared else {})},
        )

    async def _facts(self, holder: Holder) -> Facts:
        known = self.holders.facts(holder)
        if known is None:
            known = holder.facts = await self.ledger.read(self._eyes.facts, holder.peer)
        return known

    def _named(self, version_ids: list[str]) -> tuple[dict[str, KeyVersion], dict[str, Key]]:
        """In a reader thread."""
        versions = dict(self._ports.inventory.versions_by_id(version_ids))
        key_ids = {version.key_id for version in versions.values()}
        return versions, {key_id: self._ports.inventory.find_key(key_id) for key_id in key_ids}

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
        self.ledger.end_later(lease.id)
        self.holders.release(lease.holder)

    def _holder_ended(self, holder: Holder) -> None:
        ended = tuple(holder.leases)
        for lease in list(holder.leases.values()):
            self._forget(lease)
        self.ledger.end_later(*ended)

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


def _went_away() -> DaemonError:
    return DaemonError("the process that asked has gone", code="daemon.peer")
