"""Reviews by keyboard: opened, items kept, reduced or removed with a reason, closed; approvals answered."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from keyguard.core.keys import Scope
from keyguard.core.people import Decision
from keyguard.core.reviews import Verdict
from keyguard.tui.screens.review import ReviewPage
from keyguard.tui.widgets.rows import Rows
from keyguard.tui.work import Stage
from keyguard.workflows import reviews
from tests.fakes.firm import DAY, HANA, KIM, Firm
from tests.tui.desk import desk, reviewed
from tests.tui.harness import SIZES, Seat, seated, sitting, work
from tests.tui.working import Bench, in_world


class Reviewed(Firm):
    """lee gave hana and jo the key of `desk`; hana was handed it. kim reviews."""

    def __init__(self) -> None:
        super().__init__()
        self.declare("lee")
        lee = replace(KIM, user="lee")
        self.given = {"hana": self.grant("hana", actor=lee, scopes=Scope.READ | Scope.TRADE_SPOT)}
        self.use()

    def open(self):
        return reviews.open_review(self.ports, "desk", actor=KIM)

    def item(self, id_: str, person: str = "hana"):
        return next(one for one in reviews.find(self.ports, id_).items if one.person == person)


async def shows(seat: Seat, text: str) -> None:
    """Wait until this is on the screen: what it shows is read in a thread."""
    await seat.until(lambda: seat.sees(text))


async def on_its_page(seat: Seat, review: str) -> None:
    await seat.look()
    await seat.app.go("reviews", review)
    await seat.until(lambda: isinstance(seat.app.screen, ReviewPage) and seat.sees(" decided"))


def test_campaigns_of_desks_with_due_dates_and_how_much_is_open() -> None:
    async def whole() -> None:
        held = reviewed(desk())
        async with seated(held, work=work(held)) as seat:
            await seat.press("9")
            await shows(seat, "reviews that are open · 2")
            assert seat.sees("3 of 4")
            assert seat.sees("waits for a second person · 1")
            await seat.pictures("reviews per desk, with what waits")
            await seat.press("down", "enter")
            await shows(seat, "1 of 4 decided")
            assert seat.sees("beyond what its keys are for: trade_derivatives")
            await seat.pictures("items of a review, too wide and unused first")
            await seat.sheets("what is left of a grant, and why", "r", sizes=SIZES[:2])

    asyncio.run(whole())


def test_items_are_decided_by_keyboard_one_after_the_other_and_each_answer_holds() -> None:
    firm = Reviewed()
    for name in ("mina", "bo"):
        firm.declare(name)
        firm.grant(name, actor=replace(KIM, user="lee"), scopes=Scope.READ | Scope.TRADE_SPOT)
    made = firm.open()

    def scopes(person: str) -> list[Scope]:
        return [one.scopes for one in firm.people.grants(person=person) if one.span.ended_at is None]

    async def flow(bench: Bench) -> None:
        await on_its_page(bench, made.id)
        rows = bench.app.screen.query_one(Rows)
        assert rows.chosen == firm.item(made.id, "bo").grant  # not used: they stand first
        await bench.press("x", "enter")
        assert bench.told("A reason is needed; nothing was changed.")
        await bench.press("r")
        await bench.fill("everything", "why not")
        assert bench.told("'everything'")
        assert not bench.work.jobs
        for person, key, said, verdict in (
            ("bo", "x", ("left",), Verdict.REMOVE),
            ("mina", "r", ("read", "only watches"), Verdict.REDUCE),
            ("hana", "y", ("",), Verdict.KEEP),
        ):
            assert rows.chosen == firm.item(made.id, person).grant
            await bench.press(key)
            await bench.fill(*said)
            view = await bench.settled()
            assert view.stage is Stage.DONE, view.trouble
            item = firm.item(made.id, person)
            assert (item.verdict, item.by, item.reason) == (verdict, "kim", said[-1])
        await shows(bench, "decided · 3")
        assert (scopes("bo"), scopes("mina")) == ([], [Scope.READ])
        assert scopes("hana") == [Scope.READ | Scope.TRADE_SPOT]

    in_world(firm, flow, actor=KIM)


def test_a_key_that_somebody_still_holds_is_named_when_their_grant_is_taken() -> None:
    firm = Reviewed()
    made = firm.open()

    async def flow(bench: Bench) -> None:
        await on_its_page(bench, made.id)
        assert bench.sees("Was handed a version that still works")
        await bench.press("x")
        await bench.fill("moved desks")
        await bench.settled()
        await shows(bench, "hana was handed a key that still works: rotate it")
        await shows(bench, "decided · 1")
        await bench.press("y")
        assert bench.told("Choose an item that waits for an answer.")

    in_world(firm, flow, actor=KIM)


def test_who_may_not_answer_is_told_why_as_by_the_command() -> None:
    firm = Reviewed()
    made = firm.open()

    async def flow(bench: Bench) -> None:
        await on_its_page(bench, made.id)
        await bench.press("y", "enter")
        view = await bench.settled()
        assert view.trouble.code == "review.self"
        await shows(bench, "cannot say that it is to stay")

    in_world(firm, flow, actor=HANA)


def test_a_review_is_opened_shown_and_closed_by_keyboard() -> None:
    firm = Reviewed()

    async def flow(bench: Bench) -> None:
        await bench.look()
        await bench.go("reviews", "desk")
        await shows(bench, "to come, by desk · 1")
        await bench.press("o")
        await bench.fill("", "", "", "hana, kim")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        await shows(bench, "0 of 1 decided")
        assert bench.app.screen.query_one("#items", Rows).chosen == firm.given["hana"].id
        (made,) = firm.people.reviews()
        assert (made.desk, made.reviewers, made.external) == ("desk", ("hana", "kim"), "")
        reviews.decide(
            firm.ports, made.id, firm.given["hana"].id, reviews.Answer(Verdict.REMOVE, "left"), actor=HANA
        )
        await bench.look()
        await shows(bench, "1 of 1 decided")
        await bench.press("c", "enter")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        assert firm.people.reviews()[0].closed_by == "kim"
        await bench.press("escape")
        await shows(bench, "closed by kim")

    in_world(firm, flow, actor=KIM)


@pytest.mark.parametrize("decision", list(Decision))
def test_what_waits_for_a_second_person_is_approved_or_rejected(decision: Decision) -> None:
    firm = Firm()
    asked = firm.grant("jo", until=firm.start + 20 * DAY, why="quoting bot")

    async def flow(bench: Bench) -> None:
        await bench.look()
        await bench.go("reviews", asked.approval)
        await shows(bench, "because: quoting bot")
        await bench.press("y" if decision is Decision.APPROVE else "x")
        await bench.fill("as agreed")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        (made,) = firm.people.approvals()
        assert (made.decision, made.decided_by, made.comment) == (decision, "hana", "as agreed")

    in_world(firm, flow, actor=HANA)


@sitting
async def test_a_view_that_only_reads_decides_nothing(seat: Seat) -> None:
    reviewed(seat.desk)
    await seat.look()
    await seat.press("9")
    await shows(seat, "reviews that are open · 2")
    for key in ("c", "o"):
        await seat.press(key)
        assert seat.told("This view only reads")
    await seat.press("enter")
    await shows(seat, "0 of 1 decided")
    for key in ("y", "r", "x"):
        seat.app.clear_notifications()
        await seat.press(key)
        assert seat.told("This view only reads")


@sitting
async def test_home_leads_to_the_review_it_speaks_of(seat: Seat) -> None:
    reviewed(seat.desk)
    await seat.look()
    seat.app.screen.query_one(Rows).choose(
        next(need.id for need in seat.needs() if need.command == "keyguard review list rv_mm")
    )
    await seat.press("v")
    await seat.until(lambda: isinstance(seat.app.screen, ReviewPage) and seat.sees("1 of 4 decided"))
    await seat.press("1")
    seat.app.screen.query_one(Rows).choose(next(n.id for n in seat.needs() if n.kind == "approval"))
    await seat.press("a")
    await shows(seat, "keyguard approve ap91")
    await seat.press("enter")  # answers nothing: it shows the grant
    assert (seat.app.here, seat.sees("▸◆jo")) == ("people", True)
