"""What a verification comes to (KGA/1 §14.1)."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Exit(enum.IntEnum):
    """Exit codes of `keyguard verify`; its own table, not that of other commands."""

    VERIFIED = 0
    WARNINGS = 1
    FAILED = 2
    MALFORMED = 3
    USAGE = 4


class Malformed(ValueError):
    """Not a bundle, or one of a form that is not supported."""


class Failed(ValueError):
    """A check of a step did not hold."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: the step of §14.2 it belongs to, what was looked at, how it came out.

    `outcome` is VERIFIED, WARNINGS, FAILED or MALFORMED; `detail` says why, in words for people.
    """

    step: int
    what: str
    outcome: Exit = Exit.VERIFIED
    detail: str = ""
