"""Reviews: campaigns per desk and what waits for a second person; opened, answered and closed from here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from keyguard.core.errors import KeyguardError
from keyguard.core.people import Decision
from keyguard.core.reviews import DUE_IN
from keyguard.tui import review_rows, reviewing
from keyguard.tui.cells import plain
from keyguard.tui.reviewing import Campaigns
from keyguard.tui.widgets.form import SENTENCE, Field, end_of
from keyguard.tui.widgets.job import JobPanel
from keyguard.tui.widgets.rows import Rows
from keyguard.tui.widgets.told import Told
from keyguard.tui.work import Stage
from keyguard.tui.work_page import WorkPage

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from keyguard.core.people import Approval
    from keyguard.core.reviews import Review
    from keyguard.tui.picture import Picture

_EVERYBODY, _EXTERNAL = "everybody", "external"


class ReviewsScreen(WorkPage):
    """Open ones first, then approvals that wait, then what is to come. Enter opens the items of a review."""

    NAME = "reviews"
    DEFAULT_CSS = """
    ReviewsScreen Rows { height: 1fr; min-height: 4; }
    ReviewsScreen #chosen { height: auto; max-height: 6; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar = [
        Binding("o", "begin", "reviews.begin"),
        Binding("c", "close", "reviews.close"),
        Binding("y", "answer('approve')", "reviews.approve"),
        Binding("x", "answer('reject')", "reviews.reject"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._campaigns = Campaigns()
        self._read_once = False
        self._aim = ""
        self._entered: object = None

    def body(self) -> ComposeResult:
        """The campaigns, more of the chosen one, what is being done."""
        yield Rows(id="reviews")
        yield Told(id="chosen")
        yield JobPanel(self.say, id="job")

    def show(self, picture: Picture) -> None:
        """Read them anew: anything may have been committed."""
        self.query_one(Rows).set_columns(review_rows.columns(self.say))
        self._fill()
        self.in_background(self._read)

    def aim(self, target: str) -> None:
        """Open this review; go to this approval, or to the next review of this desk."""
        self._aim = target
        self._take_aim()

    def on_rows_moved(self) -> None:
        """Say more of the one that is chosen."""
        self._tell()

    async def on_rows_opened(self, event: Rows.Opened) -> None:
        """To the items of a review, or to the grant or key that waits; what is to come is opened."""
        if self._review(event.id) is not None:
            self._enter(event.id)
        elif (waiting := self._approval(event.id)) is None:
            self.action_begin()
        elif grant := waiting.subject.get("grant"):
            await self.keyguard.go("people", grant)
        elif key := waiting.subject.get("key"):
            await self.keyguard.go("keys", key)

    def on_job_panel_changed(self) -> None:
        """A review that was opened is shown."""
        super().on_job_panel_changed()
        job = self._begun
        if job is None or job is self._entered or self.app.screen is not self:
            return
        if job.view.kind == "open_review" and job.view.stage is Stage.DONE:
            self._entered = job
            self._enter(str(job.view.result))

    def action_begin(self) -> None:
        """Have the grants of a desk looked at."""
        picture, say = self.keyguard.look_now.picture, self.say
        desks = self._desks(picture)
        if picture is None or not desks:
            return
        due = next((one for one in self._campaigns.due if one.id == self._chosen), None)
        until = picture.at + DUE_IN
        fields = (
            Field("desk", say("reviews.ask_desk"), due.desk if due else "", tuple((d, d) for d in desks)),
            Field(
                "who",
                say("reviews.ask_who"),
                _EXTERNAL if due is not None and due.external else _EVERYBODY,
                tuple((name, say(f"reviews.{name}")) for name in (_EVERYBODY, _EXTERNAL)),
            ),
            Field("due", say("reviews.ask_due"), f"{until:%Y-%m-%d}"),
            Field("reviewers", say("reviews.ask_reviewers"), longest=SENTENCE),
        )

        def then(given: Mapping[str, str]) -> None:
            try:
                end = end_of(given["due"])
            except ValueError:
                self.notify(say("findings.no_day"), markup=False)
                return
            work = reviewing.opened(
                given["desk"],
                external=given["who"] == _EXTERNAL,
                due=end,
                reviewers=given["reviewers"].replace(",", " ").split(),
            )
            self.do("open_review", say("reviews.do_open", desk=given["desk"]), given["desk"], work)

        self.ask(say("reviews.begin"), (plain(say("reviews.text_open")),), fields, then)

    def action_close(self) -> None:
        """Close the chosen one."""
        close(self, self._review(self._chosen))

    def action_answer(self, answer: str) -> None:
        """Say the second person's word."""
        say, picture, decision = self.say, self.keyguard.look_now.picture, Decision(answer)
        one = self._approval(self._chosen)
        if one is None or picture is None:
            self.notify(say("reviews.no_approval"), markup=False)
            return
        title = say(f"reviews.do_{answer}", id=one.id)
        text = (
            plain(review_rows.what_is_asked(say, picture, one), "bold"),
            plain(say("reviews.text_answer")),
        )

        def then(given: Mapping[str, str]) -> None:
            if decision is Decision.REJECT and not given["why"]:
                self.notify(say("reviews.reason_missing"), markup=False)
                return
            self.do(answer, title, one.id, reviewing.answered(one.id, decision, given["why"]))

        self.ask(title, text, (Field("why", say(f"reviews.ask_{answer}"), longest=SENTENCE),), then)

    @property
    def _chosen(self) -> str:
        return self.query_one(Rows).chosen

    def _review(self, id_: str) -> Review | None:
        return next((one for one in self._campaigns.reviews if one.id == id_), None)

    def _approval(self, id_: str) -> Approval | None:
        picture = self.keyguard.look_now.picture
        return next((one for one in picture.approvals if one.id == id_), None) if picture else None

    def _desks(self, picture: Picture | None) -> list[str]:
        if picture is None:
            return []
        return sorted({one.name for one in picture.desks} | {view.key.desk for view in picture.keys})

    def _enter(self, review: str) -> None:
        from keyguard.tui.screens.review import ReviewPage  # noqa: PLC0415 - when first wanted

        self.app.push_screen(ReviewPage(review))

    async def _read(self) -> None:
        try:
            found = await self.keyguard.source.ask(reviewing.read)
        except KeyguardError:
            return  # the notice says why; the next picture brings another try
        if self.stands:
            self._campaigns, self._read_once = found, True
            self._fill()
            self._take_aim()

    def _take_aim(self) -> None:
        """Go to what somebody came for, once it is there."""
        target, rows = self._aim, self.query_one(Rows)
        if not target:
            return
        desk = next((one.id for one in self._campaigns.due if one.desk == target), target)
        if rows.choose(target) or rows.choose(desk):
            self._aim = ""
            if self._review(target) is not None and self.app.screen is self:
                self._enter(target)

    def _fill(self) -> None:
        picture = self.keyguard.look_now.picture
        if picture is not None and self._read_once:  # the cursor begins on what stands first then
            self.query_one(Rows).fill(review_rows.lines(self.say, picture, self._campaigns))
            self._tell()

    def _tell(self) -> None:
        say, picture, chosen = self.say, self.keyguard.look_now.picture, self._chosen
        if picture is None or not self._read_once:
            return
        due = next((one for one in self._campaigns.due if one.id == chosen), None)
        lines = [plain(say("reviews.none"))]
        if (review := self._review(chosen)) is not None:
            lines = review_rows.more_of_review(say, picture, review)
        elif (approval := self._approval(chosen)) is not None:
            lines = review_rows.more_of_approval(say, picture, approval)
        elif due is not None:
            lines = review_rows.more_of_due(say, due)
        self.query_one("#chosen", Static).update(Content("\n").join(lines))


def close(page: WorkPage, review: Review | None) -> None:
    """Have a person close this review; asked for where it is listed and on its own page."""
    say = page.say
    if review is None or not review.is_open():
        page.notify(say("reviews.none_open"), markup=False)
        return
    title, left = say("reviews.do_close", desk=review.desk), len(review.undecided)
    text = say("reviews.text_close_silent", n=left) if left else say("reviews.text_close")
    work = partial(page.do, "close_review", title, review.id, reviewing.closed(review.id))
    page.ask(title, (plain(text),), (), lambda _: work(), danger=bool(left))
