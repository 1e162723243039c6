"""The one way to say that a file cannot be taken: file, line and reason, never a value."""

from __future__ import annotations

from pathlib import Path

from keyguard.core.errors import UsageError


def malformed(
    file: Path, line: int, what: str, *, code: str = "import.malformed", hint: str = ""
) -> UsageError:
    """Return the error for line `line` (from 1; 0 for the file as a whole)."""
    where = f"{file}:{line}" if line else str(file)
    return UsageError(f"{where}: {what}", code=code, still="nothing was taken", hint=hint)


def ambiguous(file: Path, line: int, what: str, *, hint: str = "") -> UsageError:
    """Return the error for content that can be read in two ways."""
    return malformed(file, line, what, code="import.ambiguous", hint=hint)
