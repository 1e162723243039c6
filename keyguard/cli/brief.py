"""For commands that take milliseconds: Python's housekeeping at their beginning and end takes as long.

Of a commit hook's processor time, looking for garbage among freshly loaded modules was a fourteenth, and
taking the interpreter apart at the end an eighth (measured 2026-11-21, Python 3.11).
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress


def begin() -> None:
    """Look for no garbage while modules load: there is none."""
    gc.disable()


def loaded() -> None:
    """After `begin`: from now on garbage is looked for, but not among what was loaded."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def leave(status: int) -> None:
    """End this process at once, with all that was written. Nothing of ours waits for the interpreter's end:
    files and processes are closed where they were opened."""
    with suppress(OSError, ValueError, AttributeError):  # a stream that was closed, or never there
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
