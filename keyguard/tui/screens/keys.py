"""Keys: all of them, filtered as one types, grouped by what one asks about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from keyguard.core.keys import Environment
from keyguard.core.policy import Level
from keyguard.tui import facts
from keyguard.tui.cells import plain
from keyguard.tui.page import Page
from keyguard.tui.widgets.filter import FilterField, matches
from keyguard.tui.widgets.rows import Cell, Column, Line, Lines, Rows, heading
from keyguard.tui.widgets.told import Told

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.widgets import Input

    from keyguard.tui.picture import KeyView, Picture
    from keyguard.tui.words import Words

GROUPS: tuple[str, ...] = ("none", "venue", "desk", "owner", "danger")
_LEVELS: tuple[Level | None, ...] = (*Level, None)


class KeysScreen(Page):
    """Every word of the filter must stand in a key's name, desk, owner, purpose, scopes or danger."""

    NAME = "keys"
    DEFAULT_CSS = """
    KeysScreen #wanted { display: none; }
    KeysScreen #wanted.-shown { display: block; }
    KeysScreen #count { height: 1; padding: 0 1; background: $surface; }
    KeysScreen #legend { height: 1; padding: 0 1; color: $foreground 70%; }
    """
    BINDINGS: ClassVar = [
        # First of all who might take it, and at once: what is typed next must reach the filter.
        Binding("slash", "filter", "keys.filter", key_display="/", priority=True),
        Binding("v", "group", "keys.group"),
        Binding("escape", "clear", "keys.clear", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._group = "none"
        self._typed = ""
        self._texts: dict[str, tuple[KeyView, str]] = {}
        self._texts_spoken = ""
        self._made: dict[str, Sequence[Cell]] = {}

    def body(self) -> ComposeResult:
        """Filter, how many, the keys, what marks mean."""
        yield FilterField(id="wanted")
        yield Told(id="count")
        yield Rows(id="keys")
        yield Told(id="legend")

    def on_mount(self) -> None:
        """The table has the focus; the filter when it is asked for."""
        super().on_mount()
        self.set_focus(self.query_one(Rows))

    def show(self, picture: Picture) -> None:
        """Show all keys of this picture that the filter leaves."""
        say = self.say
        self._read(picture)
        self.query_one(FilterField).placeholder = say("keys.hint")
        self.query_one("#legend", Told).update(plain(say("keys.legend")))
        self.query_one(Rows).set_columns(_columns(say))
        self._fill()

    def aim(self, target: str) -> None:
        """Open the page of the key of this id or name."""
        picture = self.keyguard.look_now.picture
        view = None if picture is None else picture.by_id.get(target) or picture.key_named(target)
        if view is not None:
            self.query_one(Rows).choose(view.key.id)
            self._open(view.key.id)

    def on_rows_opened(self, event: Rows.Opened) -> None:
        """Open a key's page."""
        self._open(event.id)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as one types."""
        self._typed = event.value
        self._fill()

    def on_input_submitted(self) -> None:
        """Enter in the filter: on to what it left."""
        self.set_focus(self.query_one(Rows))

    def on_key(self, event: events.Key) -> None:
        """Down from the filter leads to what it left, too."""
        if event.key == "down" and self.query_one(FilterField).has_focus:
            event.stop()
            self.set_focus(self.query_one(Rows))

    def action_filter(self) -> None:
        """Type a filter."""
        field = self.query_one(FilterField)
        field.add_class("-shown")
        self.set_focus(field, scroll_visible=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the filter a slash is a slash."""
        return action != "filter" or not isinstance(self.focused, FilterField)

    def action_clear(self) -> None:
        """All keys again."""
        field = self.query_one(FilterField)
        field.value = ""
        field.remove_class("-shown")
        self.set_focus(self.query_one(Rows))

    def action_group(self) -> None:
        """Group by the next thing one may ask about."""
        self._group = GROUPS[(GROUPS.index(self._group) + 1) % len(GROUPS)]
        self._fill()

    def _open(self, key_id: str) -> None:
        from keyguard.tui.screens.key import KeyPage  # noqa: PLC0415 - when first wanted

        self.app.push_screen(KeyPage(key_id))

    def _read(self, picture: Picture) -> None:
        """Note the text of each key; of a key that has not changed it is that from before."""
        say, before = self.say, self._texts if self._texts_spoken == self.say.language else {}
        self._texts_spoken, self._texts, self._made = say.language, {}, {}
        for view in picture.keys:
            known = before.get(view.key.id)
            if known is None or known[0] is not view:
                known = view, _text(say, view)
            self._texts[view.key.id] = known

    def _fill(self) -> None:
        words = self._typed.lower().split()
        found = [view for view, text in self._texts.values() if matches(text, words)]
        self.query_one(Rows).fill(self._grouped(found))
        count = self.say("keys.count", shown=len(found), all=len(self._texts))
        by = self.say("keys.by", what=self.say(f"keys.by_{self._group}"))
        self.query_one("#count", Told).update(plain(f"{count} · {by}" if self._group != "none" else count))

    def _grouped(self, found: Sequence[KeyView]) -> Sequence[Line]:
        if self._group == "none":
            return Lines(found, self._line)
        of, order = _GROUPED[self._group]
        counts = Counter(of(view) for view in found)
        things: list[KeyView | str] = []
        before: object = _GROUPED
        for view in sorted(found, key=lambda view: (order(of(view)), view.key.name)):
            group = of(view)
            if group != before:
                things.append(f"{self._title(group)} · {counts[group]}")
                before = group
            things.append(view)
        return Lines(things, self._line)

    def _line(self, one: KeyView | str) -> Line:
        return heading(one) if isinstance(one, str) else Line(one.key.id, partial(self._cells, one))

    def _title(self, group: object) -> str:
        if group is None or isinstance(group, Level):
            return facts.danger(self.say, group).text
        return str(group) or self.say("keys.nobody")

    def _cells(self, view: KeyView) -> Sequence[Cell]:
        picture = self.keyguard.look_now.picture
        if view.key.id not in self._made and picture is not None:
            self._made[view.key.id] = tuple(_cells(self.say, view, picture))
        return self._made[view.key.id]


def _of_venue(view: KeyView) -> object:
    return view.key.venue


def _of_desk(view: KeyView) -> object:
    return view.key.desk


def _of_owner(view: KeyView) -> object:
    return view.key.owner


def _of_danger(view: KeyView) -> object:
    return view.danger


def _level_order(group: object) -> str:
    return str(next(index for index, level in enumerate(_LEVELS) if level is group))


_GROUPED: dict[str, tuple[Callable[[KeyView], object], Callable[[object], str]]] = {
    "venue": (_of_venue, str),
    "desk": (_of_desk, str),
    "owner": (_of_owner, str),
    "danger": (_of_danger, _level_order),
}


def _columns(say: Words) -> tuple[Column, ...]:
    return (
        Column(say("keys.name"), 24, grow=3),
        Column(say("keys.danger"), 9),
        Column(say("keys.scopes"), 14, grow=3),
        Column(say("keys.ends"), 11),
        Column(say("keys.owner"), 8, rank=1),
        Column(say("keys.ips"), 17, grow=1, rank=2),
        Column(say("keys.leases"), 6, rank=3, right=True),
        Column(say("keys.may_use"), 14, grow=2, rank=5),
        Column(say("keys.purpose"), 12, grow=2, rank=6),
        Column(say("keys.seen"), 10, rank=4, right=True),
        Column(say("keys.version"), 7, rank=7),
    )


def _cells(say: Words, view: KeyView, picture: Picture) -> Iterable[Cell]:
    key = view.key
    report = view.seen.report if view.seen else None
    simulated = f" [{say('keys.simulated')}]" if key.environment is Environment.SIMULATED else ""
    yield Cell(key.name + simulated, "strong")
    yield facts.danger(say, view.danger)
    yield facts.scopes(say, report) if report else Cell(say("keys.never_asked"), "dim")
    yield facts.end(say, view, picture.at)
    yield Cell(key.owner)
    yield facts.addresses(say, report) if report else Cell("?", "dim")
    yield Cell(str(len(view.leases) or ""))
    yield Cell(may_use(say, view, enforced=picture.rights_enforced))
    yield Cell(key.purpose)
    yield Cell(facts.ago(say, view.seen.at, picture.at) if view.seen else "–", "dim")
    yield Cell(f"v{view.live.number}" if view.live else say("keys.none_live"))


def may_use(say: Words, view: KeyView, *, enforced: bool) -> str:
    """Who may use it; where rights are open, everybody at this home."""
    return ", ".join(view.may_use) or say("keys.nobody_may" if enforced else "keys.everybody_may")


def _text(say: Words, view: KeyView) -> str:
    """What a filter is compared with."""
    key = view.key
    scopes = facts.scopes(say, view.seen.report).text if view.seen else ""
    danger = facts.danger(say, view.danger).text
    return " ".join((key.name, key.owner, key.purpose, scopes, danger, key.environment.value)).lower()
