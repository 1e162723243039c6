"""The lines of reviews and of what waits for a second person: in the lists, and what more there is to say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from keyguard.core.keys import scope_names
from keyguard.core.people import is_external
from keyguard.tui import facts
from keyguard.tui.cells import plain
from keyguard.tui.reviewing import in_order
from keyguard.tui.screens.people import EXTERNAL
from keyguard.tui.widgets.rows import Cell, Column, Line, heading

if TYPE_CHECKING:
    from textual.content import Content

    from keyguard.core.people import Approval, Grant
    from keyguard.core.reviews import Review, ReviewItem
    from keyguard.tui.picture import Picture
    from keyguard.tui.reviewing import Campaigns, Due
    from keyguard.tui.words import Words


def columns(say: Words) -> Sequence[Column]:
    """What it is about, whom, when, how much is open, how it stands."""
    return (
        Column(say("reviews.about"), 14, grow=2),
        Column(say("reviews.who"), 12),
        Column(say("reviews.date"), 10),
        Column("", 9, rank=2),
        Column(say("reviews.open"), 9),
        Column(say("reviews.state"), 16, grow=3),
    )


def lines(say: Words, picture: Picture, found: Campaigns) -> list[Line]:
    """What waits for an answer, then what is to come, then what is over."""
    waiting = [one for one in picture.approvals if one.decision is None]
    open_ = sorted((one for one in found.reviews if one.is_open()), key=lambda one: one.due)
    over = [one for one in reversed(found.reviews) if not one.is_open()]
    made: list[Line] = []
    if open_:
        made.append(heading(say("reviews.head_open", n=len(open_))))
        made += [Line(one.id, partial(_review, say, picture, one)) for one in open_]
    if waiting:
        made.append(heading(say("reviews.head_waiting", n=len(waiting))))
        made += [Line(one.id, partial(_approval, say, picture, one)) for one in waiting]
    if found.due:
        made.append(heading(say("reviews.head_due", n=len(found.due))))
        made += [Line(one.id, partial(_due, say, picture, one)) for one in found.due]
    if over:
        made.append(heading(say("reviews.head_closed", n=len(over))))
        made += [Line(one.id, partial(_review, say, picture, one)) for one in over]
    return made


def item_columns(say: Words) -> Sequence[Column]:
    """Whose access to which key, how it was used, what is too much, the answer so far."""
    return (
        Column(say("reviews.person"), 12, grow=1),
        Column(say("reviews.keys"), 20, grow=2),
        Column(say("reviews.last"), 10),
        Column(say("reviews.times"), 5, rank=2, right=True),
        Column(say("reviews.excess"), 12, grow=1),
        Column(say("reviews.answer"), 11),
        Column(say("reviews.reason"), 16, grow=3, rank=3),
    )


def item_lines(say: Words, picture: Picture, review: Review) -> list[Line]:
    """What waits for an answer, what is too wide or unused first; then what was decided."""
    undecided = in_order(review.undecided)
    decided = [one for one in review.items if one.verdict is not None]
    made: list[Line] = []
    for name, found in (("undecided", undecided), ("decided", decided)):
        if found:
            made.append(heading(say(f"reviews.head_{name}", n=len(found))))
            made += [Line(one.grant, partial(_item, say, picture, review, one)) for one in found]
    return made


def head(say: Words, picture: Picture, review: Review) -> str:
    """A review in a line: whose, until when, how far."""
    done = len(review.items) - len(review.undecided)
    parts = [
        say("reviews.of", desk=review.desk),
        _whose(say, bool(review.external)),
        say("reviews.due_on", at=f"{review.due:%Y-%m-%d}", span=facts.ago(say, review.due, picture.at)),
        say("reviews.done", done=done, n=len(review.items)),
    ]
    return " · ".join(parts)


def more_of_review(say: Words, picture: Picture, review: Review) -> list[Content]:
    """Who answers, and what silence does."""
    told = [plain(head(say, picture, review), "bold")]
    told.append(plain(say("reviews.reviewers", names=", ".join(review.reviewers))))
    if review.span.ended_at is not None:
        at = f"{review.span.ended_at:%Y-%m-%d}"
        told.append(plain(say("reviews.closed", by=review.closed_by, at=at)))
    elif review.undecided:
        told.append(plain(say("reviews.silence", at=f"{review.suspends_at:%Y-%m-%d %H:%M}")))
    else:
        told.append(plain(say("reviews.to_close")))
    told.append(plain(f"{review.id} · keyguard review list {review.id}", "dim"))
    return told


def more_of_due(say: Words, due: Due) -> list[Content]:
    """What opening it would mean."""
    external = " --external" if due.external else ""
    every = say("reviews.monthly" if due.external else "reviews.quarterly")
    return [
        plain(f"{say('reviews.of', desk=due.desk)} · {_whose(say, due.external)}", "bold"),
        plain(every),
        plain(f"keyguard review open {due.desk}{external}", "dim"),
    ]


def more_of_approval(say: Words, picture: Picture, one: Approval) -> list[Content]:
    """Exactly what is asked for, by whom and why."""
    told = [plain(what_is_asked(say, picture, one), "bold")]
    told.append(plain(say("reviews.asked_by", by=one.asked_by, at=f"{one.asked_at:%Y-%m-%d %H:%M}")))
    if one.why:
        told.append(plain(say("reviews.because", why=one.why)))
    told.append(plain(f"{one.id} · keyguard approve {one.id}", "dim"))
    return told


def what_is_asked(say: Words, picture: Picture, one: Approval) -> str:
    """What happens if it is approved, in a line."""
    grant = _grant_of(picture, one)
    person = _person(picture, one.subject.get("person", ""))
    parts = [say(f"reviews.action_{one.action.value}"), person, _subject(picture, one)]
    if grant is not None:
        parts += [" ".join(facts.scope_words(say, grant.scopes)), _until(say, grant)]
    return " · ".join(filter(None, parts))


def more_of_item(say: Words, picture: Picture, item: ReviewItem) -> list[Content]:
    """The grant behind an item, all its keys, and why it takes a reason."""
    grant = next((one for one in picture.grants if one.id == item.grant), None)
    told = [plain(f"{_person(picture, item.person)} · {_keys(say, picture, item, len(item.keys))}", "bold")]
    if grant is not None:
        given = [say("reviews.granted", scopes=",".join(scope_names(grant.scopes))), _until(say, grant)]
        given += [say("people.given_by", who=grant.given_by)] if grant.given_by else []
        told.append(plain(" · ".join(given)))
    why = [say("reviews.unused")] if not item.handouts else []
    why += [say("reviews.too_wide", scopes=",".join(scope_names(item.excess)))] if item.excess else []
    if item.verdict is not None:
        at = f"{item.at:%Y-%m-%d %H:%M}" if item.at is not None else ""
        answer = say(f"reviews.verdict_{item.verdict.value}")
        told.append(
            plain(say("reviews.decided", answer=answer, by=item.by, at=at, reason=item.reason or "–"))
        )
    elif why:
        told.append(plain(f"! {' · '.join(why)}", "bold"))
    if item.versions:
        told.append(plain(say("reviews.held")))
    told.append(plain(item.grant, "dim"))
    return told


def _review(say: Words, picture: Picture, one: Review) -> Sequence[Cell]:
    left, of = len(one.undecided), len(one.items)
    late = one.is_open() and bool(left) and one.due <= picture.at
    look = "high" if late else "medium" if one.is_open() and left else "good"
    if not one.is_open():
        state, look = Cell(say("reviews.state_closed", by=one.closed_by), "dim"), "dim"
    elif not left:
        state = Cell(say("reviews.state_done"), "good")
    elif one.suspends_at <= picture.at:
        state = Cell(say("reviews.state_suspended"), "high")
    else:
        state = Cell(say("reviews.state_open", at=f"{one.suspends_at:%m-%d}"), "medium" if late else "")
    ended = one.span.ended_at
    return (
        Cell(one.desk, "strong"),
        Cell(_whose(say, bool(one.external))),
        Cell(f"{ended or one.due:%Y-%m-%d}", look if late else ""),
        Cell(facts.ago(say, ended or one.due, picture.at), "dim"),
        Cell(say("reviews.of_n", left=left, n=of), look),
        state,
    )


def _due(say: Words, picture: Picture, one: Due) -> Sequence[Cell]:
    late = one.at <= picture.at
    return (
        Cell(one.desk, "strong"),
        Cell(_whose(say, one.external)),
        Cell(f"{one.at:%Y-%m-%d}", "medium" if late else ""),
        Cell(facts.ago(say, one.at, picture.at), "dim"),
        Cell("–", "dim"),
        Cell(say("reviews.state_overdue" if late else "reviews.state_next"), "medium" if late else "dim"),
    )


def _approval(say: Words, picture: Picture, one: Approval) -> Sequence[Cell]:
    grant = _grant_of(picture, one)
    person = one.subject.get("person", "") or (grant.person if grant is not None else "")
    return (
        Cell(_subject(picture, one) or "–", "strong"),
        Cell(_person(picture, person)),
        Cell(f"{one.asked_at:%Y-%m-%d}"),
        Cell(facts.ago(say, one.asked_at, picture.at), "dim"),
        Cell(say(f"reviews.action_{one.action.value}"), "medium"),
        Cell(f"{one.asked_by}: {one.why}" if one.why else one.asked_by),
    )


def _item(say: Words, picture: Picture, review: Review, one: ReviewItem) -> Sequence[Cell]:
    waits = one.verdict is None
    answer = one.verdict.value if one.verdict is not None else "silence" if one.result else "waits"
    looks = {"keep": "good", "reduce": "medium", "remove": "medium", "silence": "high"}
    unused = "medium" if waits and not one.handouts else "dim"
    return (
        Cell(_person(picture, one.person), "strong"),
        Cell(_keys(say, picture, one, 1)),
        Cell(f"{one.last:%Y-%m-%d}" if one.last else say("reviews.never"), unused),
        Cell(str(one.handouts), unused),
        Cell(" ".join(facts.scope_words(say, one.excess)) or "–", "high" if one.excess and waits else "dim"),
        Cell(say(f"reviews.verdict_{answer}"), looks.get(answer, "key" if review.is_open() else "dim")),
        Cell(one.reason, "dim"),
    )


def _keys(say: Words, picture: Picture, item: ReviewItem, most: int) -> str:
    names = [_key(picture, key) for key in item.keys]
    more = f" +{len(names) - most}" if len(names) > most else ""
    return ", ".join(names[:most]) + more or say("reviews.no_key")


def _key(picture: Picture, id_: str) -> str:
    view = picture.by_id.get(id_)
    return view.key.name if view is not None else id_


def _person(picture: Picture, id_: str) -> str:
    """Who, with the mark of another company's people."""
    person = next((one for one in picture.persons if one.id == id_), None)
    return f"{EXTERNAL}{id_}" if person is not None and is_external(person) else id_


def _whose(say: Words, external: bool) -> str:
    return say("reviews.external") if external else say("reviews.everybody")


def _until(say: Words, grant: Grant) -> str:
    until = grant.span.until
    return say("reviews.until", at=f"{until:%Y-%m-%d}") if until is not None else say("people.endless")


def _grant_of(picture: Picture, one: Approval) -> Grant | None:
    id_ = one.subject.get("grant", "")
    return next((grant for grant in picture.grants if grant.id == id_), None)


def _subject(picture: Picture, one: Approval) -> str:
    """The key or the desk that it is about."""
    grant = _grant_of(picture, one)
    if grant is not None:
        return _key(picture, grant.key_id) if grant.key_id else f"{grant.desk}/*"
    key = one.subject.get("key", "")
    return _key(picture, key) if key else ""


def without_excess(picture: Picture, item: ReviewItem) -> str:
    """What would be left of a grant without what is too much, as the command line writes scopes."""
    grant = next((one for one in picture.grants if one.id == item.grant), None)
    return "" if grant is None else ",".join(scope_names(grant.scopes & ~item.excess))
