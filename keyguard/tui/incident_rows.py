"""The lines of incidents and freezes: in the list, and all there is to say of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from keyguard.core.incidents import WAY, Stage
from keyguard.tui import facts
from keyguard.tui.cells import fit, plain, width
from keyguard.tui.responding import next_steps
from keyguard.tui.track import AHEAD, BEHIND
from keyguard.tui.widgets.rows import Cell, Column, Line, heading

if TYPE_CHECKING:
    from keyguard.core.incidents import Freeze, Incident
    from keyguard.tui.picture import Picture
    from keyguard.tui.responding import NextStep
    from keyguard.tui.words import Words

_SOON = timedelta(days=1)


def columns(say: Words) -> Sequence[Column]:
    """What, how far, about what, until when the venue wants an answer, how it stands."""
    return (
        Column(say("incidents.id"), 9, rank=3),
        Column(say("incidents.kind"), 14),
        Column(say("incidents.way"), len(WAY)),
        Column(say("incidents.about"), 16, grow=2),
        Column(say("incidents.how"), 14, grow=4, rank=2),
        Column(say("incidents.answer_until"), 9, rank=1),
        Column(say("incidents.state"), 14),
    )


def lines(
    say: Words, picture: Picture, incidents: Iterable[Incident], freezes: Sequence[Freeze]
) -> list[Line]:
    """Open ones, then freezes that stand, then what is closed."""
    every = tuple(incidents)
    made = _group(say, picture, "open", [one for one in every if one.open])
    if freezes:
        made.append(heading(say("incidents.head_frozen", n=len(freezes))))
        made += [Line(one.id, partial(_freeze, say, picture, one)) for one in freezes]
    return made + _group(say, picture, "closed", [one for one in every if not one.open])


def more(say: Words, picture: Picture, one: Incident, *, events: int | None = None) -> list[Content]:
    """Its way with times, what the venue wants until when, what is next, how it ended, its newest events (so
    many, None: all)."""
    told = [plain(one.how, "bold"), *_way(say, one)]
    if one.stage is not None or one.deadline is not None:
        stage = say(f"incidents.stage_{(one.stage or Stage.UNKNOWN).value}")
        told.append(plain(f"{say('incidents.at_venue', stage=stage)} · {_deadline(say, picture, one)}"))
    if one.closed_at is not None:
        told.append(plain(say("incidents.closed", cause=one.cause, done=", ".join(one.outcome))))
    if steps := next_steps(one):
        told += [_next(say, step, first=step is steps[0]) for step in steps]
    timeline = list(reversed(one.timeline()))
    for event in timeline[:events]:
        step = say(f"incidents.step_{event.step.value}")
        told.append(plain(f"{event.at:%m-%d %H:%M}  {step}  {event.text}  ({event.by})"))
    return told


def more_of_freeze(say: Words, one: Freeze) -> list[Content]:
    """Why, by whom and since when."""
    told = say("incidents.frozen", by=one.by, at=f"{one.since:%Y-%m-%d %H:%M}")
    return [plain(one.reason, "bold"), plain(told)]


def names(picture: Picture | None, one: Incident) -> list[str]:
    """What its keys are called now, those left out that were forgotten since."""
    return [] if picture is None else [v.key.name for id_ in one.keys if (v := picture.by_id.get(id_))]


def _next(say: Words, step: NextStep, *, first: bool) -> Content:
    """A line: the key or the command beside what it does."""
    head = say("incidents.next") if first else " " * width(say("incidents.next"))
    does = say(f"incidents.next_{step.name}")
    return Content.assemble(
        plain(f"{head}  "),
        plain(fit(step.key or "–", 1), "bold $accent"),
        plain(f"  {does}", "bold"),
        plain(f"  {step.command}" if step.command else "", "dim"),
    )


def _group(say: Words, picture: Picture, name: str, found: Sequence[Incident]) -> list[Line]:
    if not found:
        return []
    head = heading(say(f"incidents.head_{name}", n=len(found)))
    return [head, *(Line(one.id, partial(_incident, say, picture, one)) for one in found)]


def _incident(say: Words, picture: Picture, one: Incident) -> Sequence[Cell]:
    way = "".join(BEHIND if at is not None else AHEAD for at in one.reached().values())
    state = "unseen" if one.unseen else "open" if one.open else "closed"
    until = Cell("–", "dim")
    if one.deadline is not None and one.open:
        look = "high" if one.deadline - picture.at <= _SOON else "medium"
        until = Cell(facts.ago(say, one.deadline, picture.at), look)
    return (
        Cell(one.id[:9], "dim"),
        Cell(say(f"incidents.kind_{one.kind.value}"), "high" if one.open else ""),
        Cell(way, "key" if one.open else "good"),
        Cell(", ".join(one.names or one.venues), "strong"),
        Cell(one.how),
        until,
        Cell(say(f"incidents.state_{state}"), "high" if one.unseen else "dim"),
    )


def _freeze(say: Words, picture: Picture, one: Freeze) -> Sequence[Cell]:
    view = picture.by_id.get(one.subject)
    return (
        Cell(one.id[:9], "dim"),
        Cell(say(f"incidents.scope_{one.scope.value}"), "medium"),
        Cell(""),
        Cell(view.key.name if view is not None else one.subject, "strong"),
        Cell(one.reason),
        Cell(""),
        Cell(f"{one.since:%m-%d %H:%M}", "dim"),
    )


def _way(say: Words, one: Incident) -> Iterable[Content]:
    """Two lines: what was reached and when, what is ahead."""
    way = {step: say(f"incidents.step_{step.value}") for step in WAY}
    reached = [
        f"{BEHIND} {way[step]} {at:%m-%d %H:%M}" for step, at in one.reached().items() if at is not None
    ]
    ahead = [f"{AHEAD} {way[step]}" for step, at in one.reached().items() if at is None]
    return [plain("  ".join(part)) for part in (reached, ahead) if part]


def _deadline(say: Words, picture: Picture, one: Incident) -> str:
    if one.deadline is None:
        return say("incidents.no_deadline")
    span = facts.ago(say, one.deadline, picture.at)
    return say("incidents.deadline", at=f"{one.deadline:%m-%d %H:%M}", span=span)
