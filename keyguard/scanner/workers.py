"""Work shared out to forked processes, answers in the order of the tasks.

Python runs one thread at a time, so both cores need two processes. They are forked, which shares the
compiled rules at no cost and needs no copy of what a task refers to; where fork does not exist, or other
threads run, the work is done here. See docs/decisions/0009-processes.md.

- Tasks and answers are plain values (`marshal`) and travel through pipes between these processes only.
- A worker has at most one task waiting, and answers wait for at most a few tasks before them, so memory
  stays bounded however many tasks there are.
- A worker ends when its parent does: its pipe closes. One that was killed is replaced, and what it was
  at is answered for by the caller; a task that was only waiting goes to another.
"""

from __future__ import annotations

import gc
import marshal
import os
import select
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

MOST = 4
"""Processes started unless more are asked for: enough for a disk, and memory stays below its bound."""
_AHEAD = 64
_SMALL = 4096
_LENGTH = 8
_CHUNK = 1 << 16


class WorkerFailed(RuntimeError):
    """A worker met a bug; the text is the type and place of it."""


def cores() -> int:
    """Processors this process may use, at most `MOST`."""
    allowed = getattr(os, "sched_getaffinity", None)
    count = len(allowed(0)) if allowed else os.cpu_count() or 1
    return min(count, MOST)


def can_fork() -> bool:
    """Whether forking is possible, and safe: no other thread could hold a lock."""
    threading = sys.modules.get("threading")
    return hasattr(os, "fork") and (threading is None or threading.active_count() == 1)


def spread(
    tasks: Iterator[Any], work: Callable[[Any], Any], lost: Callable[[Any], Any], jobs: int
) -> Iterator[Any]:
    """Yield `work(task)` for each task, in order. `lost` answers for a task whose worker was killed."""
    if jobs <= 1 or not can_fork():
        yield from map(work, tasks)
        return
    gc.freeze()  # else each collection in a worker would copy the pages it shares
    pool = _Pool(work, lost)
    try:
        for _ in range(jobs):
            pool.start()
        yield from pool.answers(tasks)
    finally:
        pool.end()
        gc.unfreeze()


class _Task(NamedTuple):
    number: int
    content: Any
    frame: bytes


class _Worker:
    def __init__(self, pid: int, inbox: int, outbox: int) -> None:
        self.pid = pid
        self.inbox = inbox
        self.outbox = outbox
        self.waiting: deque[_Task] = deque()
        self.received = bytearray()

    def end(self) -> None:
        """Stop it, whatever it does, and let the system forget it."""
        os.close(self.inbox)
        os.close(self.outbox)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def takes(self, frame: bytes) -> bool:
        """Whether a write to it cannot block for long: it is reading, or the pipe has room."""
        return not self.waiting or (len(self.waiting) == 1 and len(frame) <= _SMALL)

    def answered(self) -> dict[int, Any] | None:
        """What it has answered by now, by number of task; None if it is dead."""
        chunk = os.read(self.outbox, _CHUNK)
        if not chunk:
            return None
        self.received += chunk
        answers = {}
        while len(self.received) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self.received[:_LENGTH], "big")
            if len(self.received) < end:
                break
            fine, answer = marshal.loads(bytes(self.received[_LENGTH:end]))  # noqa: S302 - from our own fork
            del self.received[:end]
            if not fine:
                raise WorkerFailed(answer)
            answers[self.waiting.popleft().number] = answer
        return answers


class _Pool:
    """The workers of one scan, and what waits for them."""

    def __init__(self, work: Callable[[Any], Any], lost: Callable[[Any], Any]) -> None:
        self._work = work
        self._lost = lost
        self._workers: list[_Worker] = []
        self._pending: deque[_Task] = deque()
        self._done: dict[int, Any] = {}

    def start(self) -> None:
        """Add a worker."""
        self._workers.append(_start(self._work, self._workers))

    def end(self) -> None:
        """Leave no process behind."""
        for worker in self._workers:
            worker.end()

    def answers(self, tasks: Iterator[Any]) -> Iterator[Any]:
        """Yield the answers in the order of the tasks, taking these a few ahead only."""
        coming = (_Task(number, task, marshal.dumps(task)) for number, task in enumerate(tasks))
        taken = due = 0
        more = True
        while more or self._pending or any(worker.waiting for worker in self._workers):
            while self._pending or (more and taken - due < _AHEAD):
                if not self._pending:
                    task = next(coming, None)
                    if task is None:
                        more = False
                        break
                    self._pending.append(task)
                    taken += 1
                if not self._give(self._pending[0]):
                    break
                self._pending.popleft()
            for worker in self._answering():
                self._take(worker)
            while due in self._done:
                yield self._done.pop(due)
                due += 1

    def _give(self, task: _Task) -> bool:
        """Whether somebody took it."""
        if not self._workers:  # all were killed, and the system grants no more
            self._done[task.number] = self._lost(task.content)
            return True
        takers = (worker for worker in self._workers if worker.takes(task.frame))
        chosen = min(takers, key=lambda worker: len(worker.waiting), default=None)
        if chosen is None:
            return False
        chosen.waiting.append(task)
        with suppress(BrokenPipeError):  # it died; reading from it will tell
            _send(chosen.inbox, task.frame)
        return True

    def _answering(self) -> list[_Worker]:
        """Those that have answers, after waiting for one at least; none if none is at work."""
        busy = {worker.outbox: worker for worker in self._workers if worker.waiting}
        if not busy:
            return []
        waiting = select.poll()
        for outbox in busy:
            waiting.register(outbox, select.POLLIN)
        return [busy[outbox] for outbox, _ in waiting.poll()]

    def _take(self, worker: _Worker) -> None:
        answers = worker.answered()
        if answers is not None:
            self._done.update(answers)
            return
        # It was killed over its first task, which is not tried again; the next one was not begun.
        first, *others = worker.waiting
        self._done[first.number] = self._lost(first.content)
        self._pending.extendleft(reversed(others))
        self._workers.remove(worker)
        worker.end()
        with suppress(OSError):
            self.start()


def _start(work: Callable[[Any], Any], others: list[_Worker]) -> _Worker:
    tasks_out, tasks_in = os.pipe()
    answers_out, answers_in = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tasks_out)
        os.close(answers_in)
        return _Worker(pid, inbox=tasks_in, outbox=answers_out)
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends all
        # A copy of another worker's pipe would keep it from ending.
        for descriptor in (tasks_in, answers_out, *(d for w in others for d in (w.inbox, w.outbox))):
            os.close(descriptor)
        _serve(work, tasks_out, answers_in)
        status = 0
    finally:
        os._exit(status)  # nothing of the parent's may run here: no buffers, no exit handlers


def _serve(work: Callable[[Any], Any], inbox: int, outbox: int) -> None:
    while (frame := _read_frame(inbox)) is not None:
        try:
            answer = (True, work(marshal.loads(frame)))  # noqa: S302 - from our own parent
        except Exception as error:
            # Type and place, never the text, which may quote what was scanned.
            at = error.__traceback__
            while at and at.tb_next:
                at = at.tb_next
            place = f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at else ""
            answer = (False, f"{type(error).__name__} at {place}")
        _send(outbox, marshal.dumps(answer))


def _send(descriptor: int, frame: bytes) -> None:
    rest = memoryview(len(frame).to_bytes(_LENGTH, "big") + frame)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _read_frame(descriptor: int) -> bytes | None:
    """The next frame; None at the end."""
    head = _read(descriptor, _LENGTH)
    return None if head is None else _read(descriptor, int.from_bytes(head, "big"))


def _read(descriptor: int, size: int) -> bytes | None:
    got = bytearray()
    while len(got) < size:
        chunk = os.read(descriptor, size - len(got))
        if not chunk:
            return None
        got += chunk
    return bytes(got)
