"""The lists of the panic screen: what may be chosen, what would die, how far it is, what is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from keyguard.core.keys import DANGEROUS
from keyguard.tui import facts
from keyguard.tui.panicking import Doomed, How, Left, Panicking, Which
from keyguard.tui.widgets.rows import Cell, Column, Line

if TYPE_CHECKING:
    from keyguard.core.keys import Scope
    from keyguard.tui.words import Words
    from keyguard.workflows.panic import Target


def choice_columns(say: Words) -> Sequence[Column]:
    """What, and how many keys of it live."""
    return Column(say("panic.which"), 24, grow=1), Column(say("panic.keys"), 6, right=True), Column("", 1)


def choice_lines(say: Words, found: Iterable[tuple[Which, int]]) -> list[Line]:
    """A line for each; every key at the end, where no slip of a finger is."""

    def cells(one: Which, count: int) -> Sequence[Cell]:
        look = "" if one.name else "high"
        return Cell(say(f"panic.kind_{one.kind}", name=one.name), look), Cell(str(count)), Cell("")

    return [Line(one.words, partial(cells, one, count)) for one, count in found]


def plan_columns(say: Words) -> Sequence[Column]:
    """The key, how it ends, what it can, how many processes hold it."""
    return (
        Column(say("panic.key"), 20, grow=2),
        Column(say("panic.how"), 20),
        Column(say("panic.can"), 18, grow=3),
        Column(say("panic.handed_out"), 7, rank=1, right=True),
        Column("", 10, rank=2),
    )


def plan_lines(say: Words, doomed: Iterable[Doomed]) -> list[Line]:
    """Worst first, as they are ended."""

    def cells(one: Doomed) -> Sequence[Cell]:
        how = Cell(say(f"panic.how_{one.how.value}"), "" if one.how is How.API else "high")
        held = Cell(str(one.handed_out or "–"))
        simulated = Cell(say("shell.simulated") if one.simulated else "", "key")
        return Cell(one.key.name, "strong"), how, can(say, one.scopes), held, simulated

    return [Line(one.key.id, partial(cells, one)) for one in doomed]


def more_of_plan(say: Words, one: Doomed | None) -> Sequence[str]:
    """What ending means for hand-outs and orders, and what a person does for this one."""
    lines = [say("panic.handouts_end")]
    if one is not None and one.simulated:
        lines.append(say("panic.simulated_one", venue=one.key.venue))
    if one is not None and one.command:
        lines.append(say("panic.instead", command=one.command))
    return lines


def track_columns(say: Words) -> Sequence[Column]:
    """The key, and how far it is."""
    return Column(say("panic.key"), 20, grow=1), Column(say("panic.state"), 22)


def track_lines(say: Words, targets: Iterable[Target]) -> list[Line]:
    """As the venues answer."""

    def cells(one: Target) -> Sequence[Cell]:
        state, look = _state(one)
        return Cell(one.key.name, "strong"), Cell(say(f"panic.state_{state}"), look)

    return [Line(one.key.id, partial(cells, one)) for one in targets]


def left_columns(say: Words) -> Sequence[Column]:
    """Number, key, how it stands, what it can, why."""
    return (
        Column("", 3, right=True),
        Column(say("panic.key"), 20, grow=2),
        Column(say("panic.state"), 20),
        Column(say("panic.can"), 14, grow=1, rank=1),
    )


def left_lines(say: Words, left: Mapping[str, Left]) -> list[Line]:
    """What a person must do, numbered."""

    def cells(number: str, one: Left) -> Sequence[Cell]:
        state = Cell(
            say(f"panic.state_{'lives' if one.lives else 'revoked'}"), "high" if one.lives else "medium"
        )
        return Cell(f"{number}."), Cell(one.name, "strong"), state, can(say, one.scopes)

    return [Line(number, partial(cells, number, one)) for number, one in left.items()]


def more_of_left(say: Words, one: Left) -> Sequence[str]:
    """Why, where, what to do there, and what goes on afterwards."""
    steps = one.korean if say.language == "ko" and one.korean else one.steps
    numbered = [f"  {number}. {step}" for number, step in enumerate(steps, start=1)]
    then = say("panic.then", command=one.command) if one.command else ""
    return [line for line in (one.why, one.page, *numbered, then) if line]


def over(say: Words, panicking: Panicking) -> str:
    """How it ended, in a few lines."""
    result, trouble = panicking.result, panicking.trouble
    if result is None:
        why = "" if trouble is None else trouble.message
        hint = "" if trouble is None else trouble.hint
        return "\n".join(filter(None, (say("panic.failed", why=why), panicking.still, hint)))
    times = {
        name: "–" if seconds is None else f"{seconds:.1f}"
        for name, seconds in (
            ("handouts", result.handouts_s),
            ("revoked", result.revoked_s),
            ("proven", result.proven_s),
        )
    }
    left = say("panic.left", n=len(result.left)) if result.left else say("panic.none_left")
    return "\n".join((say("panic.over", dead=result.dead, n=result.keys), say("panic.times", **times), left))


def can(say: Words, scopes: Scope | None) -> Cell:
    """What a thief could do with it."""
    if scopes is None:
        return Cell("?", "medium")
    text = " ".join(facts.scope_words(say, scopes)) or "–"
    return Cell(text, "high" if scopes & DANGEROUS else "")


def _state(one: Target) -> tuple[str, str]:
    if one.proven_at is not None:
        return ("taken", "medium") if one.inferred else ("dead", "good")
    if one.revoked_at is not None:
        return "revoked", "medium"
    return ("lives", "high") if one.guide is not None or one.error is not None else ("waiting", "dim")
