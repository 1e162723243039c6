"""The only writer: stdout is data, stderr is talk. Everything written is escaped first."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

from keyguard.cli import streams
from keyguard.core.errors import StoreError
from keyguard.core.escape import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyguard.core.errors import KeyguardError

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36", "code": "30;107"}


class Output:
    """Writes for one command. `colour` holds only on a terminal and without NO_COLOR."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json
        wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.colour = wanted and sys.stdout.isatty()
        self.talk_colour = wanted and sys.stderr.isatty()

    def data(self, text: str, style: str = "") -> None:
        """Write a line of data to stdout, escaped: a line break in it cannot begin another line."""
        _put(_styled(text, style if self.colour else ""))

    def block(self, text: str) -> None:
        """Write our own words in several lines to stdout; every line escaped."""
        for line in text.split("\n"):
            self.data(line)

    def talk(self, text: str, style: str = "") -> None:
        """Write a line for the person to stderr, escaped.

        That nobody listens any more is no reason to end: a rotation may be half-way.
        """
        with contextlib.suppress(OSError):
            sys.stderr.write(_styled(text, style if self.talk_colour else ""))
            sys.stderr.flush()

    def report(self, text: str) -> None:
        """Write a report whose parts are escaped already, and which may carry our own colours."""
        _put(text if text.endswith("\n") or not text else text + "\n")

    def document(self, value: Any) -> None:
        """Write one JSON document to stdout."""
        import json as jsonlib  # noqa: PLC0415 - a commit hook writes none

        self.report(jsonlib.dumps(value, ensure_ascii=True, indent=2))

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write rows in columns as wide as their content."""
        cells = [[escape(cell) for cell in row] for row in (headers, *rows)]
        taken = [[_width(cell) for cell in row] for row in cells]
        widths = [max(column) for column in zip(*taken, strict=True)]
        lines = []
        for row, sizes in zip(cells, taken, strict=True):
            pads = (cell + " " * (w - n) for cell, n, w in zip(row, sizes, widths, strict=True))
            lines.append("  ".join(pads).rstrip())
        self.data(lines[0], style="bold")
        self.report("\n".join(lines[1:]))

    def error(self, error: KeyguardError) -> None:
        """At most three lines: what happened, what is still true, what to do."""
        self.talk(f"keyguard: error: {error.message}", style="red")
        if error.still:
            self.talk(f"keyguard: {error.still}")
        if error.hint:
            self.talk(f"keyguard: hint: {error.hint}")
        if self.json:
            told = {"code": error.code, "message": error.message, "still": error.still, "hint": error.hint}
            with contextlib.suppress(StoreError, BrokenPipeError):
                self.document({"error": told})


def _styled(text: str, style: str) -> str:
    safe = escape(text)
    return f"\x1b[{STYLES[style]}m{safe}\x1b[0m\n" if style else safe + "\n"


def _put(text: str) -> None:
    """Write to stdout; StoreError where it does not take it all, so that no half answer passes for whole."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        streams.abandon_stdout()
        raise StoreError(
            f"the output cannot be written: {(error.strerror or 'error').lower()}",
            code="output.failed",
            still="what the command did before stands",
        ) from None


def _width(text: str) -> int:
    """Columns a terminal gives the text: wide characters (Korean) take two."""
    if text.isascii():
        return len(text)
    import unicodedata  # noqa: PLC0415 - for tables alone

    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
