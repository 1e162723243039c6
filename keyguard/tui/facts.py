"""Facts of keys in few cells: reported, inferred and declared look different everywhere (promise 10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from keyguard.core.keys import DANGEROUS, Origin, Scope, scope_names
from keyguard.core.policy import Level
from keyguard.tui.widgets.rows import Cell

if TYPE_CHECKING:
    from keyguard.core.exchange import KeyReport
    from keyguard.tui.picture import KeyView
    from keyguard.tui.words import Words

URGENT = timedelta(days=7)
SOON = timedelta(days=30)
_UNITS = (("days", timedelta(days=1)), ("hours", timedelta(hours=1)), ("minutes", timedelta(minutes=1)))
SIGNS = {Level.HIGH: "!!", Level.MEDIUM: "!", Level.LOW: "·", Level.INFO: " "}
"""A level without colour."""


def mark(say: Words, origin: Origin) -> str:
    """What stands before a fact: nothing for what the venue reported, so that anything else stands out."""
    match origin:
        case Origin.REPORTED:
            return ""
        case Origin.INFERRED:
            return "~"
        case Origin.DECLARED:
            return say("facts.declared")
        case Origin.UNKNOWN:
            return "?"


@lru_cache(maxsize=1_000)
def scope_words(say: Words, scopes: Scope) -> tuple[str, ...]:
    """The scopes by name, those by which a thief empties the account first: cells are few."""
    names = (*scope_names(scopes & DANGEROUS), *scope_names(scopes & ~DANGEROUS))
    return tuple(say(f"facts.scope_{name}") for name in names)


def scopes(say: Words, report: KeyReport) -> Cell:
    """What the key may do; what the venue does not tell with a question mark."""
    before = mark(say, report.scopes_origin)
    held = before + " ".join(scope_words(say, report.scopes)) if report.scopes else ""
    maybe = " ".join(f"?{word}" for word in scope_words(say, report.scopes_unknown))
    look = "high" if report.scopes & DANGEROUS else ""
    return Cell(" ".join(filter(None, (held, maybe))) or "?", look)


def addresses(say: Words, report: KeyReport) -> Cell:
    """Its IP list."""
    if report.ips is None:
        return Cell("?", "dim")
    before = mark(say, report.ips_origin)
    if not report.ips:
        return Cell(before + say("facts.any_address"), "medium")
    more = f" +{len(report.ips) - 1}" if len(report.ips) > 1 else ""
    return Cell(f"{before}{report.ips[0]}{more}")


def end(say: Words, view: KeyView, now: datetime) -> Cell:
    """When it dies by itself."""
    if view.end is None:
        return Cell("–", "dim")
    left = view.end.at - now
    look = "high" if left <= URGENT else "medium" if left <= SOON else ""
    before = mark(say, view.end.origin)
    if left <= timedelta(0):
        return Cell(before + say("facts.over"), look)
    return Cell(before + say("facts.in", span=span(say, left)), look)


def span(say: Words, length: timedelta) -> str:
    """A length of time in its largest unit, rounded down."""
    for unit, size in _UNITS:
        if length >= size:
            return say(f"facts.{unit}", n=length // size)
    return say("facts.minutes", n=0)


def ago(say: Words, at: datetime, now: datetime) -> str:
    """How long ago, or in how long."""
    if at > now:
        return say("facts.in", span=span(say, at - now))
    return say("facts.ago", span=span(say, now - at))


def danger(say: Words, level: Level | None) -> Cell:
    """A level by sign, word and colour."""
    if level is None:
        return Cell(say("facts.fine"), "good")
    return Cell(f"{SIGNS[level]} {say(f'facts.level_{level.value}')}", level.value)
