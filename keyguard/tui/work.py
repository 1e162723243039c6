"""What changes something: each piece of work in a thread of its own, with ports of its own, like a command.

What a workflow has done stands in the journal. So work that is cut off, because the terminal closed or the
person quit, is gone on with later, from here or by `keyguard workflow resume`.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.tui.asking import Question, ScreenPerson
from keyguard.tui.picture import Trouble

if TYPE_CHECKING:
    from keyguard.ports.all import Ports
    from keyguard.workflows.identity import Actor
    from keyguard.workflows.run import ProcessAlive

LINES = 200
"""Of what a job tells so many of the newest are kept."""
PATIENCE_S = 3.0
"""So long the end of the app waits for a call to a venue that is under way."""


class Stage(enum.Enum):
    """How far a job is."""

    RUNNING = "running"
    ASKING = "asking"  # it waits for the person
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Doing:
    """What a function that does the work is given."""

    ports: Ports
    actor: Actor
    process_alive: ProcessAlive
    person: ScreenPerson


@dataclass(frozen=True, slots=True)
class JobView:
    """A job at an instant. `subject`: what it is about (a key's id, a person's, a workflow's); `title` names
    it. `result`: what the work returned; `trouble`: why it failed, `still`: what is true all the same."""

    id: int
    kind: str
    title: str
    subject: str
    stage: Stage = Stage.RUNNING
    lines: tuple[str, ...] = ()
    question: Question | None = None
    result: Any = None
    trouble: Trouble | None = None
    still: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.stage in (Stage.DONE, Stage.FAILED)


class Job:
    """One piece of work; `view` is replaced whole, so any thread may read it."""

    def __init__(
        self, view: JobView, changed: Callable[[], None], ending: Callable[[], bool] = lambda: False
    ) -> None:
        self.view = view
        self._changed, self._ending = changed, ending
        self._answers: SimpleQueue[object] = SimpleQueue()
        self._settled = threading.Condition()

    def answer(self, given: object) -> None:
        """Answer what it asks."""
        self._replace(question=None, stage=Stage.RUNNING)
        self._answers.put(given)

    def leave(self) -> None:
        """Do not answer: it ends with `person.needed`, and what was done is kept."""
        self.answer(_LEFT)

    def settle(self, timeout_s: float = 30.0) -> JobView:
        """Wait until it asks or is over, and return it as it is then."""
        with self._settled:
            self._settled.wait_for(lambda: self.view.over or self.view.question is not None, timeout_s)
        return self.view

    def stop(self) -> None:
        """If it asks, do not answer; what does not ask is not touched."""
        if self.view.question is not None:
            self.leave()

    def wait(self, timeout_s: float = 30.0) -> bool:
        """Wait until it is over; False if it is not by then."""
        with self._settled:
            return self._settled.wait_for(lambda: self.view.over, timeout_s)

    def ask(self, question: Question) -> object:
        """For the thread of the work: put a question and wait for its answer. UsageError `person.needed`."""
        self._replace(question=question, stage=Stage.ASKING)
        given = _LEFT if self._ending() else self._answers.get()
        if given is _LEFT:
            raise UsageError(
                "left for later",
                code="person.needed",
                still="what was done so far is kept",
                hint="keyguard workflow resume",
            )
        return given

    def tell(self, line: str) -> None:
        """For the thread of the work, or those it has: one more line."""
        with self._settled:
            self.view = replace(self.view, lines=(*self.view.lines, line)[-LINES:])
        self._changed()

    def end(self, **how: Any) -> None:
        """For the thread of the work: it is over."""
        self._replace(question=None, **how)

    def _replace(self, **changes: Any) -> None:
        with self._settled:
            self.view = replace(self.view, **changes)
            self._changed()  # before whoever waits goes on: by then the screens have been told
            self._settled.notify_all()


class Work:
    """Begins jobs and knows those of this run. `opening` opens the ports of a home for a person."""

    def __init__(
        self,
        opening: Callable[[ScreenPerson], AbstractContextManager[Ports]],
        actor: Actor,
        process_alive: ProcessAlive,
    ) -> None:
        self._opening, self._actor, self._process_alive = opening, actor, process_alive
        self._jobs: list[Job] = []
        self._threads: list[threading.Thread] = []
        self._ending = threading.Event()
        self._listeners: list[Callable[[], object]] = []

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Those of this run, oldest first."""
        return tuple(self._jobs)

    def about(self, *subjects: str) -> Job | None:
        """The newest job about any of these."""
        return next((job for job in reversed(self._jobs) if job.view.subject in subjects), None)

    def listen(self, changed: Callable[[], object]) -> Callable[[], None]:
        """Have `changed` called, in any thread, whenever a job changes; returns what ends that."""
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    def begin(self, kind: str, title: str, subject: str, do: Callable[[Doing], Any]) -> Job:
        """Begin a piece of work in a thread of its own."""
        view = JobView(len(self._jobs), kind, title, subject)
        job = Job(view, self._tell, self._ending.is_set)
        self._jobs.append(job)
        thread = threading.Thread(target=self._run, args=(job, do), name=f"keyguard-{kind}", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()
        self._tell()
        return job

    def close(self) -> None:
        """Have everything stop before its next step, and wait a little for what is under way."""
        self._ending.set()
        for job in self._jobs:
            job.stop()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _run(self, job: Job, do: Callable[[Doing], Any]) -> None:
        try:
            person = ScreenPerson(job.ask, job.tell)
            with self._opening(person) as ports:
                ports = replace(ports, ending=self._demand_going_on)
                result = do(Doing(ports, self._actor, self._process_alive, person))
        except KeyguardError as error:
            trouble = Trouble(error.code, error.message, error.hint)
            job.end(stage=Stage.FAILED, trouble=trouble, still=error.still)
        except Exception as error:  # the edge of the thread: said on screen, by its class alone
            job.end(stage=Stage.FAILED, trouble=Trouble("bug", type(error).__name__, "keyguard doctor"))
        else:
            job.end(stage=Stage.DONE, result=result)

    def _demand_going_on(self) -> None:
        if self._ending.is_set():
            raise UsageError("the terminal UI was closed", code="tui.closed", hint="keyguard workflow resume")

    def _tell(self) -> None:
        for changed in tuple(self._listeners):
            changed()


_LEFT = object()
