"""Work at several venues at once: their calls in threads, everything else in the thread of the caller.

A lane is a generator. It runs in the caller's thread, so what it reads and writes of the stores needs no
lock and is written in one order; it yields the calls that wait for a venue, each of which runs in a thread
beside, and is sent what the call returned. A lane has one call under way at a time, so the calls of one lane
keep their order; lanes never wait for each other. How fast a venue may be asked is the gateway's to know.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeAlias

from keyguard.core.exchange import Ask, Credential, Facts, Guide, NonceKind
from keyguard.core.keys import Key
from keyguard.ports.person import Person

Call: TypeAlias = Callable[[], Any]
Lane: TypeAlias = Generator[Call, Any, None]

AT_ONCE = 64
"""Calls under way at most; further ones wait for their turn."""

OF_ONE_VENUE = 8
"""Lanes at most, however many keys."""


def in_order(facts: Facts, keys: Iterable[Key]) -> list[list[Key]]:
    """The keys of one venue, those together whose calls have to follow each other.

    That is all of them, unless the venue documents its limit and counts each key by itself; then it is the
    keys of an account (those of which no account is known count as one) where nonces have to grow.
    """
    every = list(keys)
    if facts.limit is None or facts.limit.shared:
        return [every] if every else []
    counting = facts.nonce is NonceKind.COUNTER
    together: defaultdict[str, list[Key]] = defaultdict(list)
    for key in every:
        together[key.account if counting else key.id].append(key)
    lanes: list[list[Key]] = [[] for _ in range(min(OF_ONE_VENUE, len(together)))]
    for following in sorted(together.values(), key=len, reverse=True):
        min(lanes, key=len).extend(following)
    return lanes


class InTurn:
    """A person who may be asked from several threads: one question at a time.

    `tells` False: steps are not told, where many workflows would talk at once.
    """

    def __init__(self, person: Person, *, tells: bool = True) -> None:
        self._person = person
        self._tells = tells
        self._asking = threading.Lock()

    def new_credential(self, venue: str, guide: Guide) -> Credential:
        """As the person does."""
        with self._asking:
            return self._person.new_credential(venue, guide)

    def confirm(self, venue: str, guide: Guide) -> None:
        """As the person does."""
        with self._asking:
            self._person.confirm(venue, guide)

    def tick(self, venue: str, guide: Guide) -> int:
        """As the person does."""
        with self._asking:
            return self._person.tick(venue, guide)

    def answer(self, question: Ask) -> str:
        """As the person does."""
        with self._asking:
            return self._person.answer(question)

    def tell(self, step: str, detail: str = "") -> None:
        """At once: what is told waits for nobody."""
        if self._tells:
            self._person.tell(step, detail)


def together(lanes: Iterable[Lane]) -> None:
    """Run all lanes to their ends; what a call raises is thrown into its lane.

    Where a lane raises, or the caller is interrupted, no further call begins: the other lanes are sent the
    answers of the calls that are under way, so that none is lost, and are closed at their next one. Then the
    first error is raised.
    """
    with ThreadPoolExecutor(AT_ONCE, "venue") as threads:
        running = _Running(threads)
        for lane in lanes:
            running.go_on(lane, partial(next, lane))
        running.finish()
    if running.failure is not None:
        raise running.failure


class _Running:
    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.failure: BaseException | None = None
        self._threads = threads
        self._answered: SimpleQueue[tuple[Lane, Future[Any]]] = SimpleQueue()
        self._under_way = 0

    def go_on(self, lane: Lane, turn: Callable[[], Call]) -> None:
        """Let a lane run up to its next call, and begin that unless something failed."""
        try:
            call = turn()
        except StopIteration:
            return
        except BaseException as error:
            self._failed(error)
            return
        if self.failure is not None:
            lane.close()
            return
        self._under_way += 1
        self._threads.submit(call).add_done_callback(lambda done: self._answered.put((lane, done)))

    def finish(self) -> None:
        """Hand out answers as they come until none is under way."""
        while self._under_way:
            try:
                lane, done = self._answered.get()
            except KeyboardInterrupt as interrupt:
                self._failed(interrupt)
                continue
            self._under_way -= 1
            error = done.exception()
            self.go_on(
                lane, partial(lane.send, done.result()) if error is None else partial(lane.throw, error)
            )

    def _failed(self, error: BaseException) -> None:
        if isinstance(self.failure, KeyboardInterrupt) and isinstance(error, KeyboardInterrupt):
            raise error  # asked twice: the calls under way are not waited for
        self.failure = self.failure or error
