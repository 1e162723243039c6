"""Path patterns as people know them from .gitignore."""

from __future__ import annotations

import re

_TOKENS = re.compile(r"\*\*/|/\*\*|\*\*|\*|\?|\[[^]/]{1,60}\]|.", re.DOTALL)


class Globs:
    """A set of patterns. One without a slash matches any file or folder of that name; one with a slash is
    relative to the scanned root. What matches a folder matches all below it. `*` and `?` stop at slashes,
    `**` does not.
    """

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._pattern = re.compile("|".join(map(_translate, patterns)), re.DOTALL) if patterns else None

    def __bool__(self) -> bool:
        return self._pattern is not None

    def match(self, path: str) -> bool:
        """Whether a "/"-separated path relative to the root is meant."""
        return self._pattern is not None and self._pattern.match(path) is not None


def _translate(pattern: str) -> str:
    anchored = "/" in pattern.rstrip("/")
    body = "".join(map(_token, _TOKENS.findall(pattern.strip("/"))))
    return rf"(?:{'' if anchored else '(?:.*/)?'}{body}(?:/.*)?\Z)"


def _token(token: str) -> str:
    match token:
        case "**/":
            return "(?:.*/)?"
        case "/**":
            return "/.*"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _ if len(token) > 1:
            inside = token[1:-1].replace("\\", r"\\").replace("[", r"\[")
            return f"[^{inside[1:]}]" if inside.startswith("!") and len(inside) > 1 else f"[{inside}]"
        case _:
            return re.escape(token)
