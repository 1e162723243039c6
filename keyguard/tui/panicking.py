"""Panic from the terminal UI: which keys it would end and how, and the one thread that ends them."""

from __future__ import annotations

import enum
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.keys import Environment, KeyKind
from keyguard.tui.picture import Trouble
from keyguard.workflows import managers, panic
from keyguard.workflows.venue_keys import can_end

if TYPE_CHECKING:
    from datetime import datetime

    from keyguard.core.keys import Key, Scope
    from keyguard.core.secret import Secret
    from keyguard.ports.all import Ports
    from keyguard.tui.picture import Picture
    from keyguard.workflows.identity import Actor
    from keyguard.workflows.panic import Outcome, Target
    from keyguard.workflows.run import ProcessAlive


@dataclass(frozen=True, slots=True)
class Which:
    """The keys a panic is about: `kind` is `all`, `desk`, `venue` or `person`; `name` is "" for all."""

    kind: str = "all"
    name: str = ""

    @property
    def words(self) -> str:
        """As the command line and the log spell it."""
        return f"{self.kind} {self.name}" if self.name else self.kind

    def targets(self, ports: Ports) -> tuple[Target, ...]:
        """Those that live; raises what `panic.targets` raises."""
        return panic.targets(ports, **({self.kind: self.name} if self.name else {}))


class How(enum.Enum):
    """What becomes of a key."""

    API = "api"
    PERSON = "person"  # its venue ends no keys by API, or no key is known that may
    SIGN_IN = "sign_in"  # an app's: it has a command of its own
    BUSY = "busy"  # another workflow holds it


@dataclass(frozen=True, slots=True)
class Doomed:
    """A key of a plan. `handed_out`: to how many processes it is. `command` is what a person does instead
    of panic, where there is one."""

    key: Key
    version_id: str
    scopes: Scope | None
    how: How
    simulated: bool
    handed_out: int
    command: str


@dataclass(frozen=True, slots=True)
class Left:
    """What a person must do after a panic. `why`: an error's message. `page` and `steps` where the key
    lives; `korean`: the steps in Korean, for the venues of Korea. `command` goes on and proves it."""

    name: str
    lives: bool
    scopes: Scope | None
    why: str
    page: str
    steps: tuple[str, ...]
    korean: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it. Seconds are since the start, None where nothing of the kind happened."""

    keys: int
    dead: int
    handouts_s: float
    revoked_s: float | None
    proven_s: float | None
    left: tuple[Left, ...]


def choices(picture: Picture) -> Iterator[tuple[Which, int]]:
    """What one may choose, each with how many keys of it have a live version; the worst last."""
    alive = [view for view in picture.keys if view.live is not None]
    for kind, counted in (
        ("desk", Counter(view.key.desk for view in alive)),
        ("venue", Counter(view.key.venue for view in alive)),
        ("person", Counter(person for view in alive for person in view.may_use)),
    ):
        for name, count in sorted(counted.items()):
            yield Which(kind, name), count
    yield Which(), len(alive)


def plan(ports: Ports, which: Which, named: Sequence[str] = ()) -> tuple[Doomed, ...]:
    """Exactly what would be ended, worst first, and how. `named`: keys that a person says manage others,
    where the venue does not tell. Reads only; raises what `panic.targets` raises."""
    held = {w.key_id: w for w in ports.journal.workflows(unfinished=True) if w.kind != "revoke"}
    leases = Counter(lease.version_id for lease in ports.inventory.running_leases())
    managing = [ports.inventory.find_key(name) for name in named]
    places = {(one.venue, one.environment) for one in managing}
    manageable: dict[tuple[str, Environment], bool] = {}

    def doomed(one: Target) -> Doomed:
        key, place = one.key, (one.key.venue, one.key.environment)
        if place not in manageable:
            offered = can_end(ports.gateway.adapter(key.venue))
            known = place in places or bool(managers.candidates(ports, key, itself=True))
            manageable[place] = offered and known
        how, command = How.API if manageable[place] else How.PERSON, ""
        if key.kind is KeyKind.OAUTH:
            how, command = How.SIGN_IN, f"keyguard key sign-out {key.name}"
        elif key.id in held:
            how, command = How.BUSY, f"keyguard workflow resume {held[key.id].id}"
        simulated = ports.gateway.simulated(key.venue)
        return Doomed(key, one.version.id, one.scopes, how, simulated, leases[one.version.id], command)

    return tuple(doomed(one) for one in which.targets(ports))


Opening = Callable[["Secret | None", "Watcher"], AbstractContextManager["tuple[Ports, Ports | None]"]]
"""Opens a home with this passphrase (None: it needs none from here) for this watcher: as ever, and writing to
the emergency file alone."""


class Panicking:
    """Runs one panic at a time, in a thread of its own that the end of the app does not cut off.

    `asks`: whether the store must be given its passphrase here.
    """

    def __init__(
        self, opening: Opening, actor: Actor, process_alive: ProcessAlive, asks: Callable[[], bool]
    ) -> None:
        self._opening, self._actor, self._process_alive = opening, actor, process_alive
        self.asks = asks
        self.targets: tuple[Target, ...] = ()
        """The keys of the panic; each is changed while it runs."""
        self.result: Result | None = None
        self.trouble: Trouble | None = None
        self.still = ""
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self._thread is not None and self.result is None and self.trouble is None

    def begin(
        self,
        which: Which,
        shown: Sequence[Doomed],
        reason: str,
        passphrase: Secret | None,
        changed: Callable[[], object],
        *,
        named: Sequence[str] = (),
    ) -> None:
        """End the keys that were shown, or none if they are not the same any more; `named` as for `plan`.
        `changed` is called from any thread, at each step and at the end."""
        self.targets, self.result, self.trouble, self.still = (), None, None, ""
        versions = frozenset(one.version_id for one in shown)

        def said() -> None:
            with suppress(RuntimeError):  # the app has ended, and its loop; the panic goes on
                changed()

        def run() -> None:
            try:
                self.result = self._run(which, versions, reason, passphrase, said, named)
            except KeyguardError as error:
                self.still = error.still
                self.trouble = Trouble(error.code, error.message, error.hint)
            except Exception as error:  # the edge of the thread: said on screen, by its class alone
                self.trouble = Trouble("bug", type(error).__name__, "keyguard panic, keyguard workflow list")
            said()

        self._thread = threading.Thread(target=run, name="keyguard-panic")
        self._thread.start()

    def wait(self) -> None:
        """Until it is over."""
        if self._thread is not None:
            self._thread.join()

    def _run(
        self,
        which: Which,
        versions: frozenset[str],
        reason: str,
        passphrase: Secret | None,
        changed: Callable[[], object],
        named: Sequence[str],
    ) -> Result:
        with self._opening(passphrase, Watcher(changed)) as (ports, emergency):
            chosen = which.targets(ports)
            if {one.version.id for one in chosen} != versions:
                raise UsageError(
                    "the keys are not those that were shown any more",
                    code="plan.changed",
                    still="nothing was ended",
                    hint="look at the list again",
                )
            self.targets = chosen
            outcome = panic.panic(
                ports,
                chosen,
                scope=which.words,
                reason=reason,
                actor=self._actor,
                process_alive=self._process_alive,
                named=[ports.inventory.find_key(name) for name in named],
                emergency=emergency,
            )
            return _result(ports, outcome)


class Watcher:
    """The person of a panic: is told each step, and asked nothing."""

    def __init__(self, changed: Callable[[], object]) -> None:
        self._changed = changed

    def tell(self, step: str, detail: str = "") -> None:
        """A step was done; which, the targets tell."""
        self._changed()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise UsageError("a panic waits for nobody", code="person.needed", hint="keyguard workflow resume")

    new_credential = confirm = tick = answer = _refuse


def _result(ports: Ports, outcome: Outcome) -> Result:
    def after(instants: Sequence[datetime | None]) -> float | None:
        happened = [at for at in instants if at is not None]
        return (max(happened) - outcome.begun_at).total_seconds() if happened else None

    return Result(
        len(outcome.targets),
        len(outcome.dead),
        (outcome.frozen_at - outcome.begun_at).total_seconds(),
        after([one.revoked_at for one in outcome.targets]),
        after([one.proven_at for one in outcome.targets]),
        tuple(_left(ports, one) for one in (*outcome.alive, *outcome.unproven)),
    )


def _left(ports: Ports, one: Target) -> Left:
    venue, lives = one.key.venue, one.revoked_at is None
    page = one.guide.page if one.guide else ports.gateway.adapter(venue).facts.key_page
    guide = one.guide if lives else None
    hint = one.error.hint if one.error is not None else ""
    return Left(
        one.key.name,
        lives,
        one.scopes,
        one.error.message if one.error is not None else "",
        ports.gateway.page(venue, page) if lives else "",
        guide.steps if guide else (),
        guide.korean if guide else (),
        f"keyguard workflow resume {one.workflow.id[:8]}" if one.workflow is not None else hint,
    )
