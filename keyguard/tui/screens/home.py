"""Home: what needs somebody now, the worst first, each with the key that starts its fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content

from keyguard.core.policy import Level
from keyguard.tui import facts, needs
from keyguard.tui.cells import fit, plain, width
from keyguard.tui.navigation import NEW
from keyguard.tui.page import Page
from keyguard.tui.widgets.rows import Cell, Column, Line, Lines, Rows
from keyguard.tui.widgets.told import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from keyguard.tui.needs import Need
    from keyguard.tui.picture import Picture

_NAME, _COUNT = 10, 4
DESKS_PART = 10
"""One line in so many is for a desk's hand-outs."""


class HomeScreen(Page):
    """One line for the firm, one for each thing to do, one for each desk with hand-outs."""

    NAME = "home"
    DEFAULT_CSS = """
    HomeScreen #state { height: auto; padding: 0 1; text-style: bold; }
    HomeScreen #needs { height: 1fr; }
    HomeScreen #more { height: 3; padding: 0 1; background: $surface; }
    HomeScreen #desks { height: auto; max-height: 8; padding: 0 1; }
    """
    BINDINGS: ClassVar = [
        *(Binding(key, f"fix('{key}')", f"home.key_{key}", show=False) for key in needs.KEYS),
        Binding("I", "incident", "home.incident"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._needs: dict[str, Need] = {}

    def body(self) -> ComposeResult:
        """State of the firm, what to do, more of the chosen, desks."""
        yield Told(id="state")
        yield Rows(id="needs")
        yield Told(id="more")
        yield Told(id="desks")

    def show(self, picture: Picture) -> None:
        """Show what is open now."""
        say = self.say
        found = needs.needs(picture)
        self._needs = {need.id: need for need in found}
        self.query_one("#state", Told).update(self._state(picture, found))
        rows = self.query_one("#needs", Rows)
        rows.set_columns(
            (
                Column(say("home.level"), 9),
                Column(say("home.kind"), 14),
                Column(say("home.subject"), 20, grow=2),
                Column(say("home.text"), 20, grow=5, rank=2),
                Column(say("home.known"), 11, rank=3),
                Column(say("home.when"), 9, rank=1, right=True),
                Column(say("home.fix"), 14),
            )
        )
        rows.fill(Lines(found, lambda need: Line(need.id, self._cells(need, picture))))
        self._tell_more()
        self.query_one("#desks", Told).update(self._desks(picture))

    def on_resize(self) -> None:
        """More lines, more desks."""
        if (picture := self.keyguard.look_now.picture) is not None and self.query("#desks"):
            self.query_one("#desks", Told).update(self._desks(picture))

    def on_rows_moved(self) -> None:
        """Say more of the one that is chosen."""
        self._tell_more()

    async def on_rows_opened(self, event: Rows.Opened) -> None:
        """Go to what it is about: its key's page, else where its fix is."""
        need, picture = self._needs[event.id], self.keyguard.look_now.picture
        view = picture.key_named(need.subject) if picture is not None else None
        if view is not None:
            await self.keyguard.go("keys", view.key.id)
        elif need.fix is not None:
            await self.keyguard.go(need.fix.place, need.target)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A fix is offered while something needs it."""
        if action != "fix":
            return True
        return any(need.fix is not None and need.fix.key in parameters for need in self._needs.values())

    async def action_fix(self, key: str) -> None:
        """Start the fix of the chosen one if this is its key; else go to the next that this key mends."""
        rows = self.query_one("#needs", Rows)
        ids = list(self._needs)
        chosen = self._needs.get(rows.chosen)
        if chosen is not None and chosen.fix is not None and chosen.fix.key == key:
            await self.keyguard.go(chosen.fix.place, chosen.target)
            return
        begin = ids.index(rows.chosen) + 1 if chosen is not None else 0
        for id_ in ids[begin:] + ids[:begin]:
            fix = self._needs[id_].fix
            if fix is not None and fix.key == key:
                rows.choose(id_)
                return

    async def action_incident(self) -> None:
        """Open an incident of the chosen one."""
        await self.keyguard.go("incidents", f"{NEW}{self.query_one('#needs', Rows).chosen}")

    def _cells(self, need: Need, picture: Picture) -> Callable[[], Sequence[Cell]]:
        say = self.say

        def cells() -> Sequence[Cell]:
            fix = f"{need.fix.key} {say(f'needs.fix_{need.fix.name}')}" if need.fix else ""
            return (
                facts.danger(say, need.level),
                Cell(say(f"facts.kind_{need.kind}"), need.level.value),
                Cell(need.subject, "strong"),
                Cell(need.text),
                Cell(say(f"facts.short_{need.origin.value}"), "dim"),
                Cell(facts.ago(say, need.at, picture.at), "dim"),
                Cell(fix, "key"),
            )

        return cells

    def _state(self, picture: Picture, found: Sequence[Need]) -> Content:
        say = self.say
        high = sum(need.level is Level.HIGH for need in found)
        soon = picture.at + facts.URGENT
        ends = sum(view.end is not None and view.end.at <= soon for view in picture.keys)
        open_ = sum(not workflow.finished for workflow in picture.workflows)
        parts = [
            say("home.keys", n=len(picture.keys)),
            say("home.high", n=high) if high else say("home.calm"),
            say("home.needs", n=len(found)),
            say("home.ends", n=ends),
            say("home.hand_outs", n=len(picture.leases)),
            say("home.open", n=open_),
        ]
        return plain(" · ".join(parts))

    def _tell_more(self) -> None:
        """What the table has no room for: the whole text, how it is known, the command."""
        need = self._needs.get(self.query_one("#needs", Rows).chosen)
        more = self.query_one("#more", Told)
        if need is None:
            more.update(plain(self.say("home.nothing")))
            return
        origin = self.say(f"facts.origin_{need.origin.value}")
        command = self.say("home.command", command=need.command)
        text = f"{need.subject}: {need.text}" if need.text else need.subject
        more.update(Content("\n").join((plain(text), plain(origin, "dim"), plain(command))))

    def _desks(self, picture: Picture) -> Content:
        """The desks with hand-outs, most of them first."""
        pulse = self.keyguard.pulse
        names = sorted({view.key.desk for view in picture.keys}, key=lambda name: (-pulse.now(name), name))
        lines = [plain(self.say("home.desks"), "bold")]
        for name in names[: max(self.size.height // DESKS_PART, 1)]:
            begin = f"  {fit(name, max(_NAME, width(name)))} {pulse.now(name):>{_COUNT}}  "
            lines.append(plain(begin + pulse.line(name)))
        return Content("\n").join(lines)
