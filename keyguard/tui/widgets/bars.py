"""The bars around a screen: where I am, how home and daemon do, which keys do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from keyguard import __version__
from keyguard.tui.cells import fit, plain, width
from keyguard.tui.navigation import PLACES
from keyguard.tui.picture import DaemonState

if TYPE_CHECKING:
    from keyguard.tui.app import KeyguardApp
    from keyguard.tui.navigation import Place

_GAP = "  "


class Bar(Widget):
    """One line or a few that show the state of the app, not of a screen."""

    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; background: $panel; color: $foreground;
        link-style: none; link-color: $foreground; link-background: transparent;
        link-style-hover: bold; link-color-hover: $primary; link-background-hover: transparent; }
    """

    _drawn: Content | None = None

    @property
    def keyguard(self) -> KeyguardApp:
        """The app."""
        from keyguard.tui.app import KeyguardApp  # noqa: PLC0415 - the app has bars

        assert isinstance(self.app, KeyguardApp)
        return self.app

    def draw(self) -> Content:
        """What it shows now."""
        raise NotImplementedError

    def render(self) -> Content:
        """As drawn, noting what was painted."""
        self._drawn = self.draw()
        return self._drawn

    def freshen(self) -> None:
        """Paint it again if it would show something else."""
        drawn = self.draw()
        if self._drawn is None or not drawn.is_same(self._drawn):
            self.refresh()


class TopBar(Bar):
    """Firm, simulated venues, daemon, time of what is shown."""

    DEFAULT_CSS = """
    TopBar { padding: 0 1; text-style: bold; }
    """

    def draw(self) -> Content:
        """The app, simulated venues and the firm at the left; daemon and time at the right."""
        say, picture = self.keyguard.say, self.keyguard.look_now.picture
        daemon = say(f"shell.daemon_{self.keyguard.daemon_now.state.value}")
        if picture is None:
            return plain(f"keyguard · {say('shell.reading')}")
        end = f"{daemon} · {say('shell.utc', time=f'{picture.at:%Y-%m-%d %H:%M}')}"
        marks = [say("shell.simulated")] if picture.simulated else []
        marks += [say("shell.read_only")] if self.keyguard.read_only else []
        mark = f" {' · '.join(marks)} " if marks else ""
        room = self.size.width - len("keyguard ") - width(mark) - 1 - width(end) - 1
        firm = fit(picture.firm or say("shell.no_firm"), max(room, 0))
        return Content.assemble(
            "keyguard ", plain(mark, "reverse" if mark else ""), " ", plain(firm), " ", plain(end)
        )


class NavBar(Bar):
    """The screens, each with its key; the one that is shown stands out."""

    DEFAULT_CSS = """
    NavBar { background: $surface; }
    """

    def draw(self) -> Content:
        """The keys of all; their titles whole where there is room, else the one of this screen alone."""
        say, here = self.keyguard.say, self.keyguard.here
        titles = {place.name: say(f"places.{place.name}") for place in PLACES}
        room = self.size.width
        taken = sum(width(title) + 4 for title in titles.values())
        gap = " " if taken <= room else ""
        each = (room - width(titles[here]) - 3 * len(titles)) // (len(titles) - 1)
        parts = []
        for place in PLACES:
            title = titles[place.name]
            if not gap and place.name != here:
                title = _cut(title, max(each, 0))
            style = Style.from_meta({"@click": f"app.go('{place.name}')"})
            if place.name == here:
                style += Style(bold=True, reverse=True)
            key = (f" {key_of(place)}{gap}", style + Style(bold=True))
            parts.append(Content.assemble(key, (f"{title}{gap}" if gap else title, style)))
        return Content("").join(parts)


class KeyBar(Bar):
    """The keys that do something here. A click on one does it too."""

    DEFAULT_CSS = """
    KeyBar { padding: 0 1; }
    """

    def on_mount(self) -> None:
        """Follow the focus: what has it decides what keys do."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.freshen())

    def draw(self) -> Content:
        """As many as there is room for, those of the screen first."""
        left, parts = self.size.width - 2, []
        for action, key, label in self.keyguard.keys_here():
            text = f"{key} {label}"
            left -= width(text) + len(_GAP)
            if left + len(_GAP) < 0:
                break
            meta = Style.from_meta({"@click": action})
            parts.append(Content.assemble((key, Style(bold=True) + meta), (f" {label}", meta)))
        return Content(_GAP).join(parts)


class NoticeBar(Bar):
    """What is wrong with home or daemon; takes no room while nothing is."""

    DEFAULT_CSS = """
    NoticeBar { height: auto; display: none; background: $warning 30%; padding: 0 1; text-style: bold; }
    NoticeBar.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: list[str] = []

    def freshen(self) -> None:
        """Show, change or hide it: other lines may be another height."""
        lines = self._lines()
        if lines != self._told:
            self._told = lines
            self.set_class(bool(lines), "-shown")
            self.refresh(layout=True)

    def draw(self) -> Content:
        """A line for each thing that is wrong."""
        return Content("\n").join(plain(f"! {line}") for line in self._lines())

    def _lines(self) -> list[str]:
        app = self.keyguard
        say, look, daemon = app.say, app.look_now, app.daemon_now
        lines = []
        if look.trouble is not None and look.picture is not None:
            time = f"{look.picture.at:%H:%M}"
            lines.append(say("shell.notice_database", what=look.trouble.message, time=time))
        elif look.trouble is not None:
            hint = look.trouble.hint
            lines.append(say("shell.notice_unread", what=look.trouble.message, hint=hint))
        if daemon.state not in _FINE:
            name = f"shell.notice_{daemon.state.value}"
            lines.append(say(name, version=daemon.version, ours=__version__, why=daemon.why))
        return lines


_FINE = frozenset({DaemonState.UNASKED, DaemonState.RUNNING})


def key_of(place: Place) -> str:
    """The key as it stands on a keyboard."""
    return "!" if place.key == "exclamation_mark" else place.key


def _cut(title: str, room: int) -> str:
    """As much of a title as there is room for, without an ellipsis: its key stands before it."""
    found = ""
    for char in title:
        if width(found + char) > room:
            break
        found += char
    return found
