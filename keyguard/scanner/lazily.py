"""Patterns that are compiled when they are first used: most scans need a few of a hundred."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def pattern(expression: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Like `re.compile`, but later. A mistake in the expression shows at its first use."""
    return cast("re.Pattern[AnyStr]", _Pattern(expression, flags))


class _Pattern:
    """Takes each method of the compiled pattern as its own when it is first asked for."""

    def __init__(self, expression: str | bytes, flags: int) -> None:
        self._written = expression, flags

    def __getattr__(self, name: str) -> Any:
        expression, flags = self._written
        # `re` keeps what it compiled, for the next method's sake.
        method = getattr(re.compile(expression, flags), name)
        setattr(self, name, method)
        return method
