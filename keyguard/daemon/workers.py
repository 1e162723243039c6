"""Workflows that run by themselves: threads that drive them without a person, within the firm's policy."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from keyguard.core.due import Busy, RotationPolicy
from keyguard.core.errors import DaemonError, KeyguardError
from keyguard.daemon.connection import where
from keyguard.ports.clock import Clock
from keyguard.ports.journal import EVERYTHING
from keyguard.workflows import parking, unattended
from keyguard.workflows.identity import Actor
from keyguard.workflows.unattended import Task

if TYPE_CHECKING:
    from keyguard.daemon.custody import Custody
    from keyguard.ports.all import Ports
    from keyguard.workflows.run import ProcessAlive

_LOG = logging.getLogger(__name__)
_LEAKS_AT_ONCE = 4
"""Threads for leaked keys, beside those of the policy: they wait for no rotation that drains."""


@dataclass(frozen=True, slots=True)
class EndingClock:
    """The clock of work that ends with the daemon: a wait is cut off by DaemonError `daemon.stopping`."""

    inner: Clock
    ending: threading.Event

    def now(self) -> datetime:
        """See Clock."""
        return self.inner.now()

    def token(self, size: int) -> bytes:
        """See Clock."""
        return self.inner.token(size)

    def sleep(self, seconds: float) -> None:
        """Wait, unless the daemon ends before."""
        if self.ending.wait(seconds):
            raise _stopping()


class Workers:
    """Belongs to one event loop, which it never keeps waiting. Nothing is begun while the store is locked;
    without a policy that allows it, nothing ever. `told`: called, from any thread, when there may be news for
    people.
    """

    def __init__(
        self,
        ports: Ports,
        custody: Custody,
        policy: RotationPolicy,
        actor: Actor,
        process_alive: ProcessAlive,
    ) -> None:
        self.policy = policy
        self.told: Callable[[], None] = lambda: None
        self._ending = threading.Event()
        clock = EndingClock(ports.clock, self._ending)
        self._journal = ports.journal
        self._ports = replace(ports, clock=clock, ending=self._demand_leave)
        self._custody = custody
        self._actor = actor
        self._process_alive = process_alive
        self._threads = ThreadPoolExecutor(policy.at_once + _LEAKS_AT_ONCE, "workflows")
        self._planner = ThreadPoolExecutor(1, "plan workflows")
        self._planning: Future[None] | None = None
        self._is_planning = self._wanted = False
        self._lock = threading.Lock()
        self._busy: dict[str, Task] = {}
        self._futures: set[Future[None]] = set()
        self._in_vain: dict[str, parking.Parked] = {}

    async def work(self) -> None:
        """Begin what may begin now."""
        self._plan_soon()

    def leaked(self, version_id: str) -> None:
        """Begin what the policy says of a version in use whose secret was found; from any thread."""
        try:
            task = unattended.answer_to_leak(self._ports, self.policy, version_id)
        except KeyguardError as error:
            _LOG.error("a leak could not be answered: %s", error.code)
            return
        if task is not None:
            _LOG.warning("%s leaked: %s by policy", task.key.name, task.what)
            self._begin(task)

    def status(self) -> dict[str, Any]:
        """What is driven now, and what stands still, for `daemon status`. Reads: not for the event loop."""
        with self._lock:
            busy = [{"key": task.key.name, "what": task.what} for task in self._busy.values()]
        standing = []
        pauses = self._ports.journal.pauses()
        for workflow in self._ports.journal.workflows(unfinished=True):
            kept = parking.why(workflow)
            if kept is not None or workflow.id in pauses:
                reason = kept.message if kept is not None else "paused"
                hint = (
                    kept.hint if kept is not None and kept.hint else f"keyguard workflow resume {workflow.id}"
                )
                standing.append(
                    {"workflow": workflow.id, "state": workflow.state, "why": reason, "hint": hint}
                )
        return {"automatic": self.policy.automatic, "running": busy, "standing": standing}

    async def idle(self) -> None:
        """Return when nothing is under way."""
        while pending := [f for f in (*self._futures, self._planning) if f is not None and not f.done()]:
            await asyncio.wait([asyncio.wrap_future(future) for future in pending])

    async def close(self) -> None:
        """Finish the call to a venue that is under way, park the rest; the next daemon goes on with it."""
        self._ending.set()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._planner.shutdown)
        await loop.run_in_executor(None, self._threads.shutdown)

    def _demand_leave(self) -> None:
        """Raise DaemonError `daemon.stopping`, or UsageError `workflow.paused` where all is."""
        if self._ending.is_set():
            raise _stopping()
        if pause := self._journal.pauses().get(EVERYTHING):
            raise parking.paused("--all", pause)

    # --- in threads -------------------------------------------------------------------------------

    def _plan_soon(self) -> None:
        with self._lock, contextlib.suppress(RuntimeError):  # shut down meanwhile
            self._wanted = True
            if not (self._is_planning or self._ending.is_set() or self._custody.locked):
                self._planning = self._planner.submit(self._plan_as_wanted)
                self._is_planning = True

    def _plan_as_wanted(self) -> None:
        """Once more for what ended while it was planned."""
        while True:
            with self._lock:
                if not self._wanted or self._ending.is_set():
                    self._is_planning = False
                    return
                self._wanted = False
            self._plan()

    def _plan(self) -> None:
        try:
            now = self._ports.clock.now()
            with self._lock:
                busy = [Busy(task.key, task.managing) for task in self._busy.values()]
                waiting = {v for v, p in self._in_vain.items() if p.again_at and p.again_at > now}
            for task in unattended.tasks(self._ports, self.policy, busy, frozenset(waiting)):
                self._begin(task)
        except KeyguardError as error:
            _LOG.warning("what is due could not be looked up: %s", error.code)
        except Exception as error:  # the edge of a thread, as of a job
            _LOG.error("what is due could not be looked up: %s", where(error))

    def _begin(self, task: Task) -> None:
        with self._lock:
            if task.key.id in self._busy or self._ending.is_set():
                return
            self._busy[task.key.id] = task
            with contextlib.suppress(RuntimeError):  # shut down meanwhile: the next daemon does it
                future = self._threads.submit(self._perform, task)
                self._futures.add(future)
                future.add_done_callback(self._futures.discard)

    def _perform(self, task: Task) -> None:
        done = False
        try:
            _LOG.info("%s of %s begins", task.what, task.key.name)
            outcome = unattended.perform(
                self._ports, task, actor=self._actor, process_alive=self._process_alive
            )
            if isinstance(outcome, KeyguardError):
                _LOG.warning("%s of %s stands still: %s", task.what, task.key.name, outcome.code)
                self._remember(task, outcome)
            else:
                _LOG.info("%s of %s: %s", task.what, task.key.name, outcome.state)
                self._in_vain.pop(task.version, None)
                done = True
        except Exception as error:  # the edge of a thread, as of a job
            _LOG.error("%s of %s failed: %s", task.what, task.key.name, where(error))
        finally:
            with self._lock:
                del self._busy[task.key.id]
        if done:
            self._plan_soon()  # there is room for the next; what failed comes back at its own pace
        self.told()

    def _remember(self, task: Task, error: KeyguardError) -> None:
        """A start that failed leaves no workflow in which to note it.

        What needs a person is looked at again now and then: a managing key may have been added meanwhile.
        """
        if not unattended.comes_back(error):
            now, before = self._ports.clock.now(), self._in_vain.get(task.version)
            kept = parking.parked(error, now, before)
            self._in_vain[task.version] = replace(kept, again_at=kept.again_at or now + parking.LONGEST)


def _stopping() -> DaemonError:
    return DaemonError(
        "the daemon ends", code="daemon.stopping", hint="the next one goes on, or keyguard workflow resume"
    )
