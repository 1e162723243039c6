"""Users of this system by number and name. Windows has no numbers: a peer is this user or refused."""

from __future__ import annotations

import os
import sys

OWN_UID = 0
"""On Windows, in place of a number."""


def own_uid() -> int:
    """The user this process acts as."""
    return OWN_UID if sys.platform == "win32" else os.geteuid()


def name(uid: int) -> str:
    """What the system calls this user; by number where it has no name (a container's)."""
    if sys.platform == "win32":
        from keyguard.win32.users import own_name  # noqa: PLC0415 - loads its libraries

        return own_name()
    import pwd  # noqa: PLC0415 - not on Windows

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"
