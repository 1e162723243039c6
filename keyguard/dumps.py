"""No core dumps: one would write secrets to disk."""

from __future__ import annotations

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def forbid() -> None:
    """Keep secrets out of core dumps: none for this process and its children.

    A size limit of 0 is not enough where the kernel pipes dumps to a program, so on Linux this process is
    made non-dumpable too; that also closes its memory to debuggers of the same user. `exec` undoes it:
    the command of `keyguard run` keeps only the limit.
    """
    try:
        import resource  # noqa: PLC0415 - not on Windows, which has no core dumps of this kind
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
