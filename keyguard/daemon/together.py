"""Work in a thread on everything that came in while the thread was busy: group commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

from keyguard.core.errors import KeyguardError

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Together(Generic[Item, Answer]):
    """`work` takes a batch and gives one answer each; it runs in `executor`, one batch at a time.

    An answer that is a KeyguardError is raised to who asked; an exception of `work` is raised to all of the
    batch. Belongs to one event loop.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Answer | KeyguardError]],
        executor: Executor,
        most: int = 256,
    ) -> None:
        self._work = work
        self._executor = executor
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._running: asyncio.Task[None] | None = None

    def submit(self, item: Item) -> asyncio.Future[Answer]:
        """Have the item worked on with the next batch."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((item, future))
        if self._running is None:
            self._running = loop.create_task(self._run())
        return future

    async def idle(self) -> None:
        """Return when nothing is waiting and nothing under way."""
        while self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                items = [item for item, _ in batch]
                try:
                    answers = await loop.run_in_executor(self._executor, self._work, items)
                except Exception as error:
                    # Whoever asked gets it, and the request's edge turns it into words.
                    for _, future in batch:
                        if not future.done():
                            future.set_exception(error)
                    continue
                for (_, future), answer in zip(batch, answers, strict=True):
                    _settle(future, answer)
        finally:
            self._running = None


def _settle(future: asyncio.Future[Answer], answer: Answer | KeyguardError) -> None:
    if future.done():  # who asked has gone
        return
    if isinstance(answer, KeyguardError):
        future.set_exception(answer)
    else:
        future.set_result(answer)
