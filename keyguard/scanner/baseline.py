"""Baselines: fingerprints of what was found before and accepted, so that only what is new is reported.

One fingerprint a line, sorted, so that two people's changes merge. It holds no path, line or value: a list
of places where live keys lie would be worth stealing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from keyguard.core.errors import UsageError
from keyguard.scanner.sources.files import TooLarge, read_regular

FORMAT = 1
_LIMIT = 20_000_000


def read(path: Path) -> frozenset[str]:
    """The fingerprints in a baseline; UsageError `scan.baseline` if it is missing or none of ours."""
    try:
        data = read_regular(path, _LIMIT)
        document = json.loads(data) if data is not None else None
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise _unusable(path, "not a baseline of this version")
        entries = document.get("fingerprints")
        if not isinstance(entries, list) or not all(_is_fingerprint(entry) for entry in entries):
            raise _unusable(path, "its fingerprints are not 32 hex digits each")
        return frozenset(entries)
    except TooLarge:
        raise _unusable(path, "larger than 20 MB") from None
    except OSError as error:
        raise _unusable(path, (error.strerror or "unreadable").lower()) from None
    except (ValueError, RecursionError):
        raise _unusable(path, "not valid JSON") from None


def render(fingerprints: Iterable[str]) -> str:
    """A baseline of these fingerprints; the same set is always the same text."""
    document = {"format": FORMAT, "tool": "keyguard", "fingerprints": sorted(set(fingerprints))}
    return json.dumps(document, indent=2) + "\n"


def _is_fingerprint(entry: object) -> bool:
    return isinstance(entry, str) and len(entry) == 32 and set(entry) <= set("0123456789abcdef")


def _unusable(path: Path, what: str) -> UsageError:
    return UsageError(
        f"the baseline {str(path)!r} cannot be used: {what}",
        code="scan.baseline",
        hint="write one with: keyguard scan --write-baseline FILE",
    )
