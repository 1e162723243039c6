"""Panic: choose, see exactly what would die, say so a second time, be counted down, see what is left."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.tui import panic_rows
from keyguard.tui.cells import plain
from keyguard.tui.page import Page
from keyguard.tui.panicking import Doomed, How, Which, choices, plan
from keyguard.tui.widgets.filter import FilterField
from keyguard.tui.widgets.form import SENTENCE, Field, Form
from keyguard.tui.widgets.paste import PasteField
from keyguard.tui.widgets.rows import Rows
from keyguard.tui.widgets.told import Told
from keyguard.workflows.plan import REASONS

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widgets import Input

    from keyguard.core.secret import Secret
    from keyguard.ports.all import Ports
    from keyguard.tui.panicking import Left
    from keyguard.tui.picture import Picture

COUNT_S = 10
"""So long one may still stop it."""
KINDS = ("all", "desk", "venue", "person")


class Stage(enum.Enum):
    """How far one is; between PLAN and RUNNING lies the second step."""

    CHOOSE = "choose"
    PLAN = "plan"
    TYPE = "type"
    UNLOCK = "unlock"
    COUNT = "count"
    RUNNING = "running"
    OVER = "over"


_SECOND_STEP = (Stage.TYPE, Stage.UNLOCK, Stage.COUNT)


class PanicScreen(Page):
    """Nothing is ended by what is pressed once: the number of keys is typed, then seconds are counted down
    in which Escape, or leaving the screen, stops it."""

    NAME = "panic"
    DEFAULT_CSS = """
    PanicScreen #head { height: auto; padding: 0 1; text-style: bold; }
    PanicScreen #rows { height: 1fr; min-height: 4; }
    PanicScreen #more { height: auto; max-height: 9; padding: 0 1; background: $surface; }
    PanicScreen #step { height: auto; padding: 0 1; text-style: bold; }
    PanicScreen.-second #step { background: $error; color: $background; padding: 1 1; }
    PanicScreen #typed, PanicScreen #secret { display: none; }
    PanicScreen.-type #typed { display: block; }
    PanicScreen.-unlock #secret { display: block; }
    """
    BINDINGS: ClassVar = [
        Binding("escape", "back", "panic.back", key_display="esc"),
        Binding("r", "reason", "panic.reason"),
        Binding("m", "manager", "panic.manager"),
    ]

    class Went(Message):
        """The panic went on."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage.CHOOSE
        self._which: dict[str, tuple[Which, int]] = {}
        self._chosen = Which()
        self._doomed: tuple[Doomed, ...] = ()
        self._reason = "suspicion"
        self._managers: tuple[str, ...] = ()
        self._count = COUNT_S
        self._said = ""
        self._secret: Secret | None = None
        self._left: dict[str, Left] = {}

    def body(self) -> ComposeResult:
        """What it is about, the keys, more of the chosen one, what to do."""
        yield Told(id="head")
        yield Rows(id="rows")
        yield Told(id="more")
        yield Told(id="step")
        yield FilterField(id="typed")
        yield PasteField(self.say, id="secret")

    def on_mount(self) -> None:
        """The list has the focus."""
        super().on_mount()
        self.set_focus(self.query_one(Rows))
        if self.keyguard.live:
            self.set_interval(1.0, self.tick)

    def show(self, picture: Picture) -> None:
        """What may be chosen is what lives now; a plan is made anew, except in its second step."""
        self._which = {one.words: (one, count) for one, count in choices(picture)}
        if self.stage is Stage.PLAN:
            self._plan()
        self._draw()

    def aim(self, target: str) -> None:
        """Show what ending `all`, `desk D`, `venue V` or `person P` would mean."""
        kind, _, name = target.partition(" ")
        if kind in KINDS and self.stage not in (Stage.RUNNING, *_SECOND_STEP):
            self._choose(Which(kind, name))

    def tick(self) -> None:
        """A second went by."""
        if self.stage is not Stage.COUNT:
            return
        self._count -= 1
        if self._count > 0:
            self._draw()
        else:
            self._run()

    def on_screen_suspend(self) -> None:
        """Who goes elsewhere has not meant it."""
        self._stop()

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """On to the plan, or to the second step."""
        if self.stage is Stage.CHOOSE:
            self._choose(self._which[event.id][0])
        elif self.stage is Stage.PLAN:
            self._second_step()

    def on_rows_moved(self) -> None:
        """Say more of the one that is chosen."""
        self._tell_more()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The number of keys."""
        if self.stage is not Stage.TYPE:
            return
        if event.value.strip() != str(len(self._doomed)):
            self._said = self.say("panic.wrong_number")
            self._draw()
            return
        panicking = self.keyguard.panicking
        self._go(Stage.UNLOCK if panicking is not None and panicking.asks() else Stage.COUNT)

    async def on_paste_field_done(self, event: PasteField.Done) -> None:
        """Try the passphrase now, not when seconds count."""
        secret, opens = event.field.take(), self.keyguard.source.opens
        self._said = self.say("panic.trying")
        self._draw()
        right = opens is None or await opens(secret)
        if self.stage is not Stage.UNLOCK:
            return
        if right:
            self._secret = secret
            self._go(Stage.COUNT)
        else:
            self._said = self.say("panic.wrong_passphrase")
            self._draw()

    def on_panic_screen_went(self) -> None:
        """Show how far it is."""
        panicking = self.keyguard.panicking
        if self.stage is Stage.RUNNING and panicking is not None and not panicking.running:
            self._go(Stage.OVER)
        else:
            self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What changes a plan is offered while there is one."""
        return action not in ("reason", "manager") or self.stage is Stage.PLAN

    def action_back(self) -> None:
        """One step back; what runs cannot be called back."""
        if self.stage in _SECOND_STEP:
            self._stop()
        elif self.stage in (Stage.PLAN, Stage.OVER):
            self._go(Stage.CHOOSE)

    def action_reason(self) -> None:
        """The next reason, as the log will have it."""
        self._reason = REASONS[(REASONS.index(self._reason) + 1) % len(REASONS)]
        self._draw()

    def action_manager(self) -> None:
        """Name keys that manage others, where a venue does not tell which do."""
        say = self.say
        field = Field("names", say("panic.ask_managers"), ", ".join(self._managers), longest=SENTENCE)
        text = (plain(say("panic.text_managers")),)
        self.app.push_screen(Form(say, say("panic.manager"), text, (field,)), self._named)

    def _named(self, given: Mapping[str, str] | None) -> None:
        picture = self.keyguard.look_now.picture
        if given is None or picture is None or self.stage is not Stage.PLAN:
            return
        names = tuple(name.strip() for name in given["names"].split(",") if name.strip())
        unknown = [name for name in names if picture.key_named(name) is None]
        if unknown:
            self._said = self.say("panic.no_manager", name=unknown[0])
        else:
            self._managers, self._said = names, ""
            self._plan()
        self._draw()

    def _choose(self, which: Which) -> None:
        self._chosen, self._doomed, self._managers = which, (), ()
        self._go(Stage.PLAN)
        self._plan()

    def _plan(self) -> None:
        self.in_background(partial(self._read, self._chosen))

    async def _read(self, which: Which) -> None:
        named = self._managers

        def read(ports: Ports) -> tuple[Doomed, ...]:
            return plan(ports, which, named)

        try:
            found = await self.keyguard.source.ask(read)
        except UsageError:
            found = ()  # nothing of it lives, or nobody is called so
        except KeyguardError:
            return  # the notice says why the home cannot be read; the next picture brings another try
        if self.stands and (which, named) == (self._chosen, self._managers) and self.stage is Stage.PLAN:
            self._doomed = found
            self._draw()

    def _second_step(self) -> None:
        if self.keyguard.panicking is None:
            self._said = self.say("panic.read_only")
            self._draw()
        elif self._doomed:
            self._go(Stage.TYPE)

    def _stop(self) -> None:
        if self.stage in _SECOND_STEP:
            self._go(Stage.PLAN)
            self._said = self.say("panic.stopped")
            self._plan()
            self._draw()

    def _run(self) -> None:
        panicking = self.keyguard.panicking
        assert panicking is not None
        secret, self._secret = self._secret, None
        self._go(Stage.RUNNING)
        panicking.begin(
            self._chosen,
            self._doomed,
            self._reason,
            secret,
            lambda: self.post_message(self.Went()),
            named=self._managers,
        )

    def _go(self, stage: Stage) -> None:
        self.stage, self._said, self._count = stage, "", COUNT_S
        self.set_class(stage in _SECOND_STEP, "-second")
        self.set_class(stage is Stage.TYPE, "-type")
        self.set_class(stage is Stage.UNLOCK, "-unlock")
        typed = self.query_one("#typed", FilterField)
        typed.value = ""
        if stage is not Stage.COUNT:
            self.query_one(PasteField).action_clear()
        if stage not in (Stage.COUNT, Stage.RUNNING):
            self._secret = None
        wanted = {Stage.TYPE: typed, Stage.UNLOCK: self.query_one(PasteField)}
        self.set_focus(wanted.get(stage, self.query_one(Rows)))
        self.refresh_bindings()
        self._draw()

    def _draw(self) -> None:
        say, rows, panicking = self.say, self.query_one(Rows), self.keyguard.panicking
        head = say("panic.choose")
        if self.stage is Stage.CHOOSE:
            rows.set_columns(panic_rows.choice_columns(say))
            rows.fill(panic_rows.choice_lines(say, self._which.values()))
        elif self.stage in (Stage.PLAN, *_SECOND_STEP):
            rows.set_columns(panic_rows.plan_columns(say))
            rows.fill(panic_rows.plan_lines(say, self._doomed))
            head = self._plan_head()
        elif panicking is not None and self.stage is Stage.RUNNING:
            rows.set_columns(panic_rows.track_columns(say))
            rows.fill(panic_rows.track_lines(say, panicking.targets))
            dead = sum(one.proven_at is not None for one in panicking.targets)
            head = say("panic.running", done=dead, n=len(self._doomed))
        elif panicking is not None:
            left = panicking.result.left if panicking.result is not None else ()
            self._left = {f"{number}": one for number, one in enumerate(left, start=1)}
            rows.set_columns(panic_rows.left_columns(say))
            rows.fill(panic_rows.left_lines(say, self._left))
            head = panic_rows.over(say, panicking)
        self.query_one("#head", Static).update(Content("\n").join(map(plain, head.split("\n"))))
        self.query_one("#step", Static).update(Content("\n").join(map(plain, self._steps())))
        self._tell_more()

    def _plan_head(self) -> str:
        say, doomed = self.say, self._doomed
        if not doomed:
            return say("panic.nothing")
        api = sum(one.how is How.API for one in doomed)
        which = say(f"panic.kind_{self._chosen.kind}", name=self._chosen.name)
        reason = say(f"panic.reason_{self._reason}")
        head = say("panic.plan", which=which, n=len(doomed), api=api, person=len(doomed) - api, reason=reason)
        if self._managers:
            head += f"\n{say('panic.managed', names=', '.join(self._managers))}"
        return f"{head}\n{say('panic.simulated')}" if all(one.simulated for one in doomed) else head

    def _steps(self) -> Sequence[str]:
        say, n = self.say, len(self._doomed)
        texts = {
            Stage.PLAN: say("panic.next") if self._doomed else "",
            Stage.TYPE: say("panic.type", n=n),
            Stage.UNLOCK: say("panic.passphrase"),
            Stage.COUNT: say("panic.count", n=n, s=self._count),
        }
        return [text for text in (self._said, texts.get(self.stage, "")) if text]

    def _tell_more(self) -> None:
        say, id_ = self.say, self.query_one(Rows).chosen
        lines: Sequence[str] = ()
        if self.stage in (Stage.PLAN, *_SECOND_STEP) and self._doomed:
            one = next((one for one in self._doomed if one.key.id == id_), None)
            lines = panic_rows.more_of_plan(say, one)
        elif self.stage is Stage.OVER and id_ in self._left:
            lines = panic_rows.more_of_left(say, self._left[id_])
        self.query_one("#more", Static).update(Content("\n").join(map(plain, lines)))
