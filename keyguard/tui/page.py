"""What all screens of the table in `navigation` share: the bars, and how they learn what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual._styles_cache import StylesCache
from textual.containers import Vertical
from textual.screen import Screen

from keyguard.tui.widgets.bars import Bar, KeyBar, NavBar, NoticeBar, TopBar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.app import ComposeResult

    from keyguard.tui.app import KeyguardApp
    from keyguard.tui.picture import Picture
    from keyguard.tui.words import Words


class Page(Screen[None]):
    """A screen with the bars around it.

    A screen says what it is made of (`body`), shows each new picture (`show`), and where that makes sense
    moves to what somebody came for (`aim`). The descriptions of its BINDINGS are names of words. Focus is set
    by `set_focus`, at once: a widget's own `focus` does it later, and what is typed meanwhile goes astray.
    """

    NAME: ClassVar[str] = ""
    """Its place in `navigation`; that of the place it belongs to, for one that is opened from another."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = False
        self._shown: object = None

    def body(self) -> ComposeResult:
        """Its widgets, between the bars."""
        raise NotImplementedError

    def show(self, picture: Picture) -> None:
        """Show this picture: a new one, or the same in another language. Must keep where the person is."""

    def aim(self, target: str) -> None:
        """Go to `target`, a key's id, a finding's, …; what it means the screen that sends people decides."""

    @property
    def stands(self) -> bool:
        """Whether all its widgets are there: not before it is mounted, and not from the moment on in which it
        begins to close. What was read meanwhile has nowhere to go then."""
        return self._whole and self.display

    @property
    def keyguard(self) -> KeyguardApp:
        """The app."""
        return cast("KeyguardApp", self.app)

    @property
    def say(self) -> Words:
        """The words, in the language that is spoken."""
        return self.keyguard.say

    def compose(self) -> ComposeResult:
        """The bars around the body, in the order they are read."""
        yield TopBar()
        yield NavBar()
        yield NoticeBar()
        with Vertical(id="body"):
            yield from self.body()
        yield KeyBar()

    def freshen(self) -> None:
        """Show what the app knows by now; does nothing where that is shown already."""
        if not self.stands:
            return  # `on_mount` does it
        app = self.keyguard
        news = (app.look_now, app.daemon_now, app.say.language)
        if news == self._shown:
            return
        before, self._shown = self._shown, news
        for bar in self.query(Bar):
            bar.freshen()
        picture = app.look_now.picture
        if picture is not None and (
            not isinstance(before, tuple) or before[0].picture is not picture or before[2] != news[2]
        ):
            self.show(picture)

    def in_background(self, read: Callable[[], Coroutine[Any, Any, None]], group: str = "read") -> None:
        """Run this beside the screen, instead of what of its group still runs.

        It is the function that is passed on, not its coroutine: one that is replaced before it began would
        never be awaited.
        """
        # Named, for Textual would describe it by its repr: that of a function with a whole picture in it.
        self.run_worker(cast("Any", read), exclusive=True, group=group, name=group, description=group)

    def on_mount(self) -> None:
        """Show what is known."""
        self._whole = True
        self.freshen()

    def on_screen_resume(self) -> None:
        """Catch up with what came while another screen was shown, and let go of what was laid over this one.

        Textual 8.2.8 keeps up to 1,024 painters of closed widgets, each with all it painted, as keys of a
        cache of colours: tens of MB once the palette was opened often enough.
        """
        StylesCache.get_inner_outer.cache_clear()
        self.freshen()
