"""Exchange names as other programs write them."""

from __future__ import annotations

import re

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def venue_id(name: str) -> str:
    """The venue's id for a name from ccxt, freqtrade or a table; "" if it cannot be one.

    The ids are ccxt's, in lower case; whether there is an adapter is for the caller to find out.
    """
    lower = name.strip().lower()
    return lower if _ID.fullmatch(lower) else ""
