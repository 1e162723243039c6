"""Who sits here, by the kernel's word."""

from __future__ import annotations

import getpass
import os
import socket

from keyguard.workflows.identity import Actor


def actor() -> Actor:
    """Who sits here, as the operating system names them."""
    return Actor(user=user(), host=socket.gethostname())


def user() -> str:
    """The name of this process's user by the kernel's word: LOGNAME and USER say whatever one likes.

    A user that the system has no name for (a container's) goes by number.
    """
    try:
        import pwd  # noqa: PLC0415 - not on Windows
    except ImportError:
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"
