"""No core dumps: one would write secrets to disk."""

from __future__ import annotations

import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4
_FILTER = "/proc/self/coredump_filter"


def forbid() -> None:
    """Keep secrets out of core dumps: none for this process and its children.

    A size limit of 0 is not enough where the kernel pipes dumps to a program, so on Linux it is also told
    to leave all memory out of them (core(5), read 2026-11-21).
    """
    try:
        import resource  # noqa: PLC0415 - not on Windows, which has no core dumps of this kind
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError), open(_FILTER, "w", encoding="ascii") as file:  # noqa: PTH123 - start-up
            file.write("0")


def close_memory() -> None:
    """Make this process non-dumpable, which also closes its memory to debuggers of the same user. For
    commands that may open a store. `exec` undoes it: the command of `keyguard run` keeps the rest."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - as long to load as all else before a commit hook's scan

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
