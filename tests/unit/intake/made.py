"""Made-up credentials and a stand-in for the scanner."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from keyguard.core.secret import Secret
from keyguard.intake.candidates import Candidate, Place
from keyguard.intake.reading import Text, decode
from keyguard.scanner.findings import Finding, Part, Severity
from keyguard.scanner.findings import Place as FoundAt

# Built at run time, so that no scanner takes this file for a leak.
KEY = "FAKE" + "k" * 14
SECRET = "FAKE" + "s" * 32
OTHER_KEY = "FAKE" + "q" * 14
OTHER_SECRET = "FAKE" + "t" * 32

_PARTS = re.compile(rb"FAKE(?P<kind>[kqst])[kqst]+")
_FIELD = {b"k": "key", b"q": "key", b"s": "secret", b"t": "secret"}


def text(content: str | bytes, name: str = "file") -> Text:
    data = content if isinstance(content, bytes) else content.encode()
    return decode(Path("/nowhere") / name, data)


def fake_scan(data: bytes, path: str) -> tuple[Finding, ...]:
    """Finds the credentials above by their shape; k goes with s, q with t. `path` must be relative."""
    assert not path.startswith("/")
    parts: dict[bytes, dict[str, Part]] = {}
    for match in _PARTS.finditer(data):
        kind = match["kind"]
        pair = b"k" if kind in b"ks" else b"q"
        parts.setdefault(pair, {}).setdefault(_FIELD[kind], _part(data, path, match))
    return tuple(
        Finding(
            rule="fake.pair",
            title="pair",
            venue="bybit" if pair == b"k" else "upbit",
            severity=Severity.CRITICAL,
            parts=tuple(found.values()),
            fingerprint=hashlib.sha256(pair + b"".join(sorted(f.encode() for f in found))).hexdigest(),
        )
        for pair, found in parts.items()
    )


def _part(data: bytes, path: str, match: re.Match[bytes]) -> Part:
    line = data.count(b"\n", 0, match.start()) + 1
    column = match.start() - data.rfind(b"\n", 0, match.start())
    place = FoundAt(path, line, column, line, column + len(match[0]), match.start(), match.end())
    return Part(_FIELD[match["kind"]], Secret(match[0].decode()), place, "fake.pair")


def parts(candidate: Candidate) -> tuple[str, str]:
    return candidate.credential.key, candidate.credential.secret.reveal()


def stands_at(data: bytes, place: Place) -> bytes:
    assert place.span, place.reason
    return data[place.span.start : place.span.end]
