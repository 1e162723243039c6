"""Promise 4 over everything: each workflow at each simulated venue, killed before and after each call that
changes something, converges after a restart; or says exactly what a person must do, who then does it.

A clean run counts the calls. In the suite a sample, another one at each venue; all of it with `make crash`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from zlib import crc32

import pytest

from keyguard.core.errors import KeyguardError
from keyguard_simulators import NAMES
from tests.crash.killing import Fate, Killed, mortal
from tests.crash.stories import STORIES, Story

ALL = os.environ.get("KEYGUARD_TEST_CRASH") == "all"
SIDES = ("before", "after")
SAMPLED = 2
"""Deaths of each story at each venue that is in the suite; every third pair of them is."""

PAIRS = [(story, name) for story in STORIES for name in NAMES if story.venues(name)]
CASES = PAIRS if ALL else PAIRS[::3]


def deaths(story: Story, name: str, count: int) -> list[tuple[int, str]]:
    every = [(at, side) for at in range(1, count + 1) for side in SIDES]
    if ALL:
        return every
    start, step = crc32(f"{story.name} {name}".encode()), len(every) // SAMPLED
    return [every[(start + step * number) % len(every)] for number in range(SAMPLED)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("story", "name"), CASES, ids=lambda one: getattr(one, "name", one))
def test_it_converges(
    story: Story, name: str, runner: asyncio.Runner, record_property: Callable[[str, object], None]
) -> None:
    clean, fate = story.build(name, runner), Fate()
    try:
        outcome = story.begin(mortal(clean.ports, fate), clean)
    except KeyguardError as error:
        outcome = error
    if isinstance(outcome, KeyguardError):  # it needs a person, who comes, or time
        clean.person.absent = False
        story.again(clean)
    story.holds(clean)
    clean.check()
    died = deaths(story, name, fate.count)
    for at, side in died:
        world = story.build(name, runner)
        with pytest.raises(Killed):
            story.begin(mortal(world.ports, Fate(at, side)), world)
        world.person.absent = False
        try:
            story.again(world)
            story.holds(world)
            world.check()
        except (AssertionError, KeyguardError) as error:
            error.add_note(f"{story.name} at {name}, killed {side} call {at}: {fate.names[at - 1]}")
            raise
    record_property("kills", len(died))
