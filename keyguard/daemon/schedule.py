"""Jobs that come again, each at its own pace with some jitter, so that many daemons do not march in step."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from keyguard.core.errors import KeyguardError
from keyguard.daemon.connection import where

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """`due` is loop time. One that fails is noted and comes again."""

    name: str
    every_s: float
    work: Callable[[], Awaitable[None]]
    due: float = 0.0


class Schedule:
    """Runs jobs one after the other; `chance` gives a number from 0 to 1 for the jitter of a tenth."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._jobs: list[Job] = []

    def add(
        self,
        name: str,
        every_s: float,
        work: Callable[[], Awaitable[None]],
        *,
        first_s: float | None = None,
    ) -> None:
        """Have `work` done every so many seconds, for the first time after that long or after `first_s`."""
        first = self._next(every_s if first_s is None else first_s)
        self._jobs.append(Job(name, every_s, work, first))

    def upcoming(self) -> list[dict[str, str | int]]:
        """The jobs with the seconds until they are due, the next first."""
        now = asyncio.get_running_loop().time()
        jobs = sorted(self._jobs, key=lambda job: job.due)
        return [{"name": job.name, "in_s": max(0, round(job.due - now))} for job in jobs]

    async def run(self) -> None:
        """Run them until cancelled."""
        loop = asyncio.get_running_loop()
        while self._jobs:
            job = min(self._jobs, key=lambda one: one.due)
            await asyncio.sleep(max(0.0, job.due - loop.time()))
            job.due = self._next(job.every_s)
            try:
                await job.work()
            except KeyguardError as error:
                _LOG.warning("the job %s failed: %s", job.name, error.code)
            except Exception as error:  # the edge of a job, as of a request
                _LOG.error("the job %s failed: %s", job.name, where(error))

    def _next(self, every_s: float) -> float:
        return asyncio.get_running_loop().time() + every_s * (0.9 + 0.1 * self._chance())
