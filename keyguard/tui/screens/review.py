"""A review's page: who may use what, how it was used, what is too much; each kept, reduced or removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from keyguard.core.errors import KeyguardError
from keyguard.core.keys import Scope, parse_scopes
from keyguard.core.reviews import Verdict
from keyguard.tui import review_rows, reviewing
from keyguard.tui.cells import plain
from keyguard.tui.screens.reviews import close
from keyguard.tui.widgets.form import SENTENCE, Field
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Rows
from keyguard.tui.widgets.told import Told
from keyguard.tui.work_page import WorkPage
from keyguard.workflows import reviews

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.core.reviews import Review, ReviewItem
    from keyguard.tui.picture import Picture
    from keyguard.tui.work import Doing


class ReviewPage(WorkPage):
    """Opened from the list. After an answer the cursor goes to the next item that waits for one."""

    NAME = "reviews"
    DEFAULT_CSS = """
    ReviewPage #name { height: 1; padding: 0 1; text-style: bold; background: $surface; }
    ReviewPage Rows { height: 1fr; min-height: 4; }
    ReviewPage #chosen { height: auto; max-height: 6; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar = [
        Binding("y", "decide('keep')", "reviews.keep"),
        Binding("r", "decide('reduce')", "reviews.reduce"),
        Binding("x", "decide('remove')", "reviews.remove"),
        Binding("c", "close", "reviews.close"),
        Binding("escape,backspace", "back", "keypage.back", key_display="esc"),
    ]

    def __init__(self, review: str) -> None:
        super().__init__()
        self._named = review
        self._review: Review | None = None

    def body(self) -> ComposeResult:
        """The review, its items, more of the chosen one, what is being done."""
        yield Told(id="name")
        yield Rows(id="items")
        yield Told(id="chosen")
        yield JobPanel(self.say, id="job")

    def show(self, picture: Picture) -> None:
        """Read it anew: somebody else may answer too."""
        self.query_one(Rows).set_columns(review_rows.item_columns(self.say))
        self._fill()
        self.in_background(self._read)

    def on_rows_moved(self) -> None:
        """Say more of the one that is chosen."""
        self._tell()

    async def on_rows_opened(self, event: Rows.Opened) -> None:
        """To the page of its key, the first of several."""
        item = self._item(event.id)
        if item is not None and item.keys:
            await self.keyguard.go("keys", item.keys[0])

    def action_back(self) -> None:
        """To the list."""
        self.dismiss(None)

    def action_close(self) -> None:
        """Close it."""
        close(self, self._review)

    def action_decide(self, answer: str) -> None:
        """Keep, reduce or remove the chosen one."""
        say, verdict = self.say, Verdict(answer)
        item, picture = self._item(self.query_one(Rows).chosen), self.keyguard.look_now.picture
        if item is None or item.verdict is not None or picture is None or not self._open:
            self.notify(say("reviews.no_item"), markup=False)
            return
        needed = reviewing.needs_reason(item, verdict)
        title = say(f"reviews.do_{answer}", person=item.person)
        why = say("reviews.ask_reason" if needed else "reviews.ask_reason_free")
        fields = [Field("reason", why, longest=SENTENCE)]
        if verdict is Verdict.REDUCE:
            left = review_rows.without_excess(picture, item)
            fields.insert(0, Field("scopes", say("reviews.ask_scopes"), left))

        def then(given: Mapping[str, str]) -> None:
            if needed and not given["reason"]:
                self.notify(say("reviews.reason_missing"), markup=False)
                return
            try:
                scopes = _scopes(given.get("scopes", ""))
            except ValueError as error:
                self.notify(say("reviews.no_scope", why=str(error)), markup=False)
                return
            answer = reviews.Answer(verdict, given["reason"], scopes)
            self.do(verdict.value, title, item.grant, self._decided(item, answer))
            self._on_from(item)

        text = (*review_rows.more_of_item(say, picture, item)[:-1], plain(say(f"reviews.text_{answer}")))
        self.ask(title, text, fields, then)

    @property
    def _open(self) -> bool:
        return self._review is not None and self._review.is_open()

    def _decided(self, item: ReviewItem, answer: reviews.Answer) -> Callable[[Doing], object]:
        told = self.say("reviews.rotate_it", person=item.person)
        return reviewing.decided(self._named, item.grant, answer, told)

    def _on_from(self, item: ReviewItem) -> None:
        """The next that waits."""
        if self._review is None:
            return
        waiting = [one.grant for one in reviewing.in_order(self._review.undecided)]
        at = waiting.index(item.grant)
        if rest := waiting[at + 1 :] + waiting[:at]:
            self.query_one(Rows).choose(rest[0])

    def _item(self, grant: str) -> ReviewItem | None:
        items = self._review.items if self._review is not None else ()
        return next((one for one in items if one.grant == grant), None)

    async def _read(self) -> None:
        try:
            found = await self.keyguard.source.ask(lambda ports: reviews.find(ports, self._named))
        except KeyguardError:
            return  # the notice says why; the next picture brings another try
        if self.stands:
            self._review = found
            self._fill()

    def _fill(self) -> None:
        picture, review = self.keyguard.look_now.picture, self._review
        if picture is None or review is None:
            return
        self.query_one("#name", Static).update(plain(review_rows.head(self.say, picture, review)))
        self.query_one(Rows).fill(review_rows.item_lines(self.say, picture, review))
        self._tell()

    def _tell(self) -> None:
        picture, item = self.keyguard.look_now.picture, self._item(self.query_one(Rows).chosen)
        lines = [] if picture is None or item is None else review_rows.more_of_item(self.say, picture, item)
        self.query_one("#chosen", Static).update(Content("\n").join(lines))


def _scopes(text: str) -> Scope:
    """Scopes as the command line takes them; ValueError names one that is none."""
    names = text.replace(",", " ").split()
    return parse_scopes(names) if names else Scope.NONE
