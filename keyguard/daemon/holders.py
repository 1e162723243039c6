"""The processes that are connected or hold a lease, each pinned until it ends."""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyguard.core.keys import Environment, Key, KeyVersion
from keyguard.daemon.limits import Bucket
from keyguard.daemon.peers import Eyes, Facts, Peer, gone
from keyguard.processes import process_alive
from keyguard.workflows.handout_batch import Use
from keyguard.workflows.identity import Actor, Process

if TYPE_CHECKING:
    from keyguard.daemon.leases import Ask, Lease


ActorOf = Callable[[Peer], Actor]
"""The OS user and host of a peer, as records name them."""


@dataclass(slots=True, eq=False)
class Holder:
    """One process with what it has open here. `gone` is set when it ended, `hang_up` ends a connection."""

    peer: Peer
    bucket: Bucket
    gone: bool = False
    facts: Facts | None = None
    connections: set[Callable[[], None]] = field(default_factory=set)
    leases: dict[str, Lease] = field(default_factory=dict)
    asked: dict[Ask, Lease] = field(default_factory=dict)
    """The newest lease for each thing the process asked for."""
    poll: select.poll | None = None

    def demand_alive(self) -> None:
        """Raise DaemonError if it has ended, also where the event loop has not come to notice yet: what
        comes over its connection then comes from somebody it was passed to."""
        if self.gone or (self.poll is not None and self.poll.poll(0)):
            raise gone(self.peer.pid)


class Holders:
    """All of them. `ended` is called once for each that ends, before its connections are hung up."""

    def __init__(self, eyes: Eyes, rate: int, actor_of: ActorOf, ended: Callable[[Holder], None]) -> None:
        self.actor_of = actor_of
        self._eyes = eyes
        self._rate = rate
        self._ended = ended
        self._all: dict[tuple[int, str], Holder] = {}

    def __len__(self) -> int:
        return len(self._all)

    def take(self, peer: Peer) -> Holder:
        """The holder of this process; the peer's pidfd is ours from here on."""
        loop = asyncio.get_running_loop()
        found = self._all.get((peer.pid, peer.started))
        if found is not None:
            if peer.pidfd >= 0:
                os.close(peer.pidfd)
            return found
        holder = Holder(peer, Bucket(self._rate, loop.time()))
        self._all[peer.pid, peer.started] = holder
        if peer.pidfd >= 0:
            loop.add_reader(peer.pidfd, self._end, holder)
            holder.poll = select.poll()
            holder.poll.register(peer.pidfd, select.POLLIN)
        return holder

    def release(self, holder: Holder) -> None:
        """Forget a process that has nothing open here any more."""
        if not holder.connections and not holder.leases and not holder.gone:
            self._forget(holder)

    def sweep(self) -> None:
        """End those that no pidfd tells of, if they ended."""
        for holder in [one for one in self._all.values() if one.peer.pidfd < 0]:
            if not process_alive(holder.peer.pid, holder.peer.started):
                self._end(holder)

    def close(self) -> None:
        """Let go of all; their leases stay as they are."""
        for holder in list(self._all.values()):
            self._forget(holder)

    def facts(self, holder: Holder) -> Facts | None:
        """What is known of it, None where that has to be read (again): it runs another program now."""
        known = holder.facts
        return known if known is not None and known.image == self._eyes.image(holder.peer) else None

    def use(
        self,
        holder: Holder,
        key: Key,
        version: KeyVersion,
        purpose: str,
        environment: Environment = Environment.LIVE,
    ) -> Use:
        """A use of a key by what can be seen of the process now; for a thread, since it may have to look."""
        facts, peer = self.facts(holder) or self._eyes.facts(holder.peer), holder.peer
        process = Process(peer.pid, peer.started, facts.command, facts.executable)
        return Use(key, version, self.actor_of(peer), process, purpose, environment)

    def _end(self, holder: Holder) -> None:
        holder.gone = True
        self._forget(holder)
        self._ended(holder)
        for hang_up in list(holder.connections):
            hang_up()

    def _forget(self, holder: Holder) -> None:
        if self._all.pop((holder.peer.pid, holder.peer.started), None) is None:
            return
        if holder.peer.pidfd >= 0:
            asyncio.get_running_loop().remove_reader(holder.peer.pidfd)
            holder.poll = None  # the number may be another file's from here on
            os.close(holder.peer.pidfd)
