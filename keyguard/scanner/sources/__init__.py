"""Where content comes from. Every source yields pieces one at a time and says what it could not read."""

from typing import NamedTuple


class Piece(NamedTuple):
    """One content. `blob` and `commit` are hex object ids, "" outside a history."""

    path: str
    data: bytes
    blob: str = ""
    commit: str = ""
    staged: bool = False


class Unread(NamedTuple):
    """Something that should have been read and was not: nothing is known of what it holds."""

    path: str
    reason: str


class Note(NamedTuple):
    """Something a person should know of what was scanned and what was not, without being a failure."""

    text: str


Supply = Piece | Unread | Note
