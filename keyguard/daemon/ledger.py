"""The daemon's way to the database: one thread that writes, two that read, and work done together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar, cast

from keyguard.core.errors import KeyguardError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key, KeyVersion
from keyguard.daemon.custody import Plaintext
from keyguard.daemon.holders import Holder, Holders
from keyguard.daemon.leases import Lease
from keyguard.daemon.peers import Peer
from keyguard.daemon.rights import Rights
from keyguard.daemon.together import Together
from keyguard.ports import inventory
from keyguard.ports.all import Ports
from keyguard.workflows.handout_batch import Permit, Recorded, Use, Wanted, record, withdraw
from keyguard.workflows.use_checks import RaiseAlert

SURE_S = 1.0
"""Seconds for which a right that was seen is taken to last where nothing in the database changed: rights end
by the clock too."""

_LOG = logging.getLogger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Given:
    """A hand-out whose record is on disk, and the credential that was read after that.

    Nothing that was committed after the database had `stamp` was seen.
    """

    recorded: Recorded
    credential: Credential
    stamp: int


@dataclass(frozen=True, slots=True)
class _Order:
    """What the writer is given at once: a hand-out to `peer`, or leases that begin and end without one."""

    wanted: Wanted | None = None
    peer: Peer | None = None
    begun: tuple[inventory.Lease, ...] = ()
    ended: tuple[str, ...] = ()


class Ledger:
    """Belongs to one event loop; what it is asked for is done in its threads."""

    def __init__(
        self,
        ports: Ports,
        plaintext: Plaintext,
        holders: Holders,
        rights: Rights,
        raise_alert: RaiseAlert,
    ) -> None:
        self._ports = ports
        self._plaintext = plaintext
        self._holders = holders
        self._rights = rights
        self._raise_alert = raise_alert
        self._writer = ThreadPoolExecutor(1, "writer")
        self._reader = ThreadPoolExecutor(2, "reader")
        self._orders = Together[_Order, Given | None](self._write, self._writer)
        self._checks = Together[Lease, bool](self._check, self._reader)
        self._unended: set[str] = set()

    def stamp(self) -> int:
        """See `Inventory.stamp`."""
        return self._ports.inventory.stamp()

    async def hand_out(self, wanted: Wanted, peer: Peer) -> Given:
        """Record, and only then read; raises the refusal, or StoreError where nothing can be written."""
        return cast("Given", await self._orders.submit(_Order(wanted, peer)))

    async def change(self, *, begun: Sequence[inventory.Lease] = (), ended: Sequence[str] = ()) -> None:
        """Write leases that begin or end without a hand-out."""
        await self._orders.submit(_Order(begun=tuple(begun), ended=tuple(ended)))

    async def still_right(self, lease: Lease) -> bool:
        """Whether its version is still live and its holder may still use it; notes on the lease if so."""
        return await self._checks.submit(lease)

    def end_later(self, *lease_ids: str) -> None:
        """Write ends that nobody waits for; those that cannot be written are kept for `settle`."""
        if not lease_ids:
            return
        self._unended.update(lease_ids)

        def written(done: asyncio.Future[Given | None]) -> None:
            if done.cancelled() or done.exception() is not None:
                _LOG.warning("ends of %d leases could not be written yet", len(lease_ids))
            else:
                self._unended.difference_update(lease_ids)

        self._orders.submit(_Order(ended=lease_ids)).add_done_callback(written)

    async def settle(self) -> None:
        """Write the ends that could not be written when they came."""
        if self._unended:
            ended = tuple(self._unended)
            await self.change(ended=ended)
            self._unended.difference_update(ended)

    async def read(self, work: Callable[_P, _T], *args: _P.args, **named: _P.kwargs) -> _T:
        """Do something that blocks in a reader thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, lambda: work(*args, **named))

    async def write(self, work: Callable[[], _T]) -> _T:
        """Do something that writes, between two transactions of hand-outs."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def close(self) -> None:
        """Finish what is under way."""
        await self._orders.idle()
        await self._checks.idle()
        for executor in (self._writer, self._reader):
            await asyncio.get_running_loop().run_in_executor(None, executor.shutdown)

    # --- in the threads ---------------------------------------------------------------------------

    def may_see(self, holder: Holder, keys: Sequence[Key]) -> list[Key]:
        """Those of the keys that this process may use for something."""
        live = self._ports.inventory.live_versions([key.id for key in keys])
        seen = []
        for key in keys:
            with contextlib.suppress(KeyguardError):
                if key.id in live:
                    self._rights(holder.peer, self._holders.use(holder, key, live[key.id], ""))
                    seen.append(key)
        return seen

    def watchable(self, holder: Holder, key_name: str) -> tuple[Key, KeyVersion]:
        """The key and its live version; raises the refusal."""
        key = self._ports.inventory.find_key(key_name)
        version = self._ports.inventory.live_version(key.id)
        self._rights(holder.peer, self._holders.use(holder, key, version, ""))
        return key, version

    def _write(self, orders: Sequence[_Order]) -> list[Given | KeyguardError | None]:
        """One transaction for all, and only then is a credential read (promise 2)."""
        stamp = self.stamp()
        wanted = [order.wanted for order in orders if order.wanted is not None]
        begun = [row for order in orders for row in order.begun]
        ended = [lease_id for order in orders for lease_id in order.ended]
        peers = {(o.peer.pid, o.peer.started): o.peer for o in orders if o.peer is not None}

        def may_use(use: Use) -> Permit:
            return self._rights(peers[use.process.pid, use.process.started], use)

        namer = self._plaintext.namer
        answers = iter(
            record(
                self._ports,
                namer,
                may_use,
                wanted,
                begun=begun,
                ended=ended,
                raise_alert=self._raise_alert,
            )
        )
        return [
            None if order.wanted is None else self._released(order.wanted, next(answers), stamp)
            for order in orders
        ]

    def _released(
        self, wanted: Wanted, answer: Recorded | KeyguardError, stamp: int
    ) -> Given | KeyguardError:
        if isinstance(answer, KeyguardError):
            return answer
        try:
            return Given(answer, self._plaintext.credential(answer.version), stamp)
        except KeyguardError as error:
            # The others of the batch have theirs: what fails here now is this one's alone.
            with contextlib.suppress(KeyguardError):
                withdraw(self._ports, self._plaintext.namer, wanted, answer, error)
            return error

    def _check(self, leases: Sequence[Lease]) -> list[bool]:
        stamp = self.stamp()
        live = self._ports.inventory.live_versions(sorted({lease.key.id for lease in leases}))
        answers = []
        for lease in leases:
            version = live.get(lease.key.id)
            right = version is not None and version.id == lease.version.id and self._still_may(lease)
            answers.append(right)
            if right:
                lease.stamp, lease.sure_until = stamp, time.monotonic() + SURE_S
        return answers

    def _still_may(self, lease: Lease) -> bool:
        try:
            ask = lease.ask
            use = self._holders.use(lease.holder, lease.key, lease.version, ask.purpose, ask.environment)
            self._rights(lease.holder.peer, use)
        except KeyguardError:
            return False
        return True
