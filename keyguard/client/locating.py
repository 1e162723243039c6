"""Which daemon a program talks to."""

from __future__ import annotations

import os
from pathlib import Path

from keyguard.rpc import place


def socket_path(home: Path | str | None, socket: Path | str | None) -> Path:
    """The socket that was named, else that of the home: given, KEYGUARD_HOME, the platform's default."""
    if socket is not None:
        return Path(socket)
    if home is None and place.SOCKET_VARIABLE not in os.environ:
        from keyguard.home import locate  # noqa: PLC0415 - finds the platform's folder, not always needed

        return place.find(locate(None).path)
    return place.find(None if home is None else Path(home).expanduser().absolute())
