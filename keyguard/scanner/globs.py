"""Path patterns as people know them from .gitignore.

Patterns may come from the scanned tree, so matching takes steps in proportion to pattern and path, never
more: names are compared by `fnmatch`'s atomic expressions, `**` by a set of positions.
"""

import fnmatch
import re
from typing import NamedTuple

_ANY_DEPTH = "**"


class _Glob(NamedTuple):
    """One pattern by its names; None stands for `**`. `anchored`: it begins at the root."""

    names: tuple[re.Pattern[str] | None, ...]
    anchored: bool

    def match(self, path: list[str]) -> bool:
        """Whether the pattern matches the path or a folder above it."""
        reached = {0} if self.anchored else set(range(len(path)))
        for number, name in enumerate(self.names, start=1):
            if name is None:
                below = number == len(self.names)  # `docs/**` is what lies in docs, not docs itself
                reached = set(range(min(reached) + below, len(path) + 1))
            else:
                reached = {at + 1 for at in reached if at < len(path) and name.match(path[at])}
            if not reached:
                return False
        return True


class Globs:
    """A set of patterns. One without a slash matches any file or folder of that name; one with a slash is
    relative to the scanned root. What matches a folder matches all below it. `*` and `?` stop at slashes,
    `**` between slashes does not.
    """

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.patterns = patterns
        self._globs = tuple(map(_parse, patterns))

    def __bool__(self) -> bool:
        return bool(self._globs)

    def match(self, path: str) -> bool:
        """Whether a "/"-separated path relative to the root is meant."""
        if not self._globs:
            return False
        names = path.split("/")
        return any(glob.match(names) for glob in self._globs)


def _parse(pattern: str) -> _Glob:
    names = pattern.strip("/").split("/")
    return _Glob(
        names=tuple(None if n == _ANY_DEPTH else re.compile(fnmatch.translate(n)) for n in names),
        anchored="/" in pattern.rstrip("/"),
    )
