"""Files of a scanned project that steer the scan: `.keyguard.toml`, `.gitleaks.toml`, `.gitleaksignore`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

from keyguard.core.errors import UsageError
from keyguard.scanner import config, gitleaks_config, own_rules
from keyguard.scanner.engine import Engine
from keyguard.scanner.globs import Globs
from tests.fuzz.contents import BOOK, document
from tests.fuzz.mutate import mutated

_KEYGUARD = b"""[scan]
exclude = ["tests/fixtures", "docs/**/*.md", "*.lock", "!a", "[a-z]*"]
include = ["src/**"]
[rules]
off = ["pem.encrypted"]
[[allow]]
fingerprint = "0123456789abcdef0123456789abcdef"
reason = "revoked"
[[rule]]
id = "desk.session"
title = "Desk session token"
anchors = ["dsk_", "secret"]
pattern = '(?P<secret>(?:dsk_)?[A-Za-z0-9]{24,40}+)'
min_entropy = 3.0
reach = 200
[[rule]]
id = "desk.other"
venue = "bybit"
field = "secret"
severity = "high"
anchors = ["key"]
pattern = '(?i)key\\s{0,3}[=:]\\s{0,3}(?P<secret>[0-9a-f]{8,64})'
"""
_GITLEAKS = b"""title = "ours"
[extend]
useDefault = true
path = "other.toml"
[[rules]]
id = "desk-token"
description = "Desk token"
regex = '''(?i)\\b(?:desk|key)[_-]?token\\s*[=:]\\s*['"]?([a-z0-9]{20,}|[[:alnum:]_-]{8,40})\\b'''
secretGroup = 1
keywords = ["token", "key"]
entropy = 3.1
path = '''.*\\.env$'''
[[rules.allowlists]]
condition = "AND"
paths = ['''^tests/.*''']
regexes = ['''(?i)example|(a|b){2,}''']
[[rules]]
id = "plain"
regex = '''secret_[A-Za-z]+(?P<x>[0-9]{4})+?'''
[[allowlists]]
description = "global"
targetRules = ["plain"]
regexTarget = "line"
stopwords = ["example"]
commits = ["0123456789abcdef0123456789abcdef01234567"]
[allowlist]
paths = ['''(.*?)(jpg|gif)$''', '''node_modules''']
"""
_IGNORE = b"0123456789abcdef0123456789abcdef01234567:src/a.env:generic-api-key:12\na.env:x:3\n# note\n"
_WORDS = (
    *(b"[[rule]]\n", b"[[rules]]\n", b"[scan]\n", b"pattern = '", b"regex = '''", b"'''", b"'", b'"', b"\n"),
    *(
        b"{1,}",
        b"{,5}",
        b"{2000}",
        b"*",
        b"+",
        b"?",
        b"(?:",
        b"(?P<secret>",
        b"(?i)",
        b"(?-s:",
        b"(?P=secret)",
    ),
    *(
        b"(",
        b")",
        b"[",
        b"]",
        b"[[:alpha:]]",
        b"\\p{L}",
        b"\\z",
        b"\\x{41}",
        b"|",
        b"^",
        b"$",
        b"(?<!a)",
        b"(?(1)a)",
    ),
    *(
        b"\\1",
        b"\\",
        b"(?=",
        b"(?>",
        b"++",
        b"reach = ",
        b"longest = ",
        b"inf",
        b"nan",
        b"-1",
        b"9" * 30,
        b"true",
    ),
    *(
        b"keywords = []\n",
        b"min_entropy = ",
        b"1979-05-27",
        b"{a = 1}",
        b"[[[",
        b"\xff",
        b"\0",
        b"\xf0\x9f\x92\xa9",
    ),
)


def _file(name: str, data: bytes) -> Path:
    folder = Path(tempfile.gettempdir()) / f"keyguard-fuzz-{name.strip('.')}"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    return path


def keyguard_toml(r: Random) -> None:
    """Understood or refused with its place, and what is understood can be scanned with."""
    path = _file(".keyguard.toml", mutated(r, _KEYGUARD, _WORDS))
    try:
        settings = config.read(path)
        book = own_rules.added(BOOK, settings).without(settings.rules_off)
    except UsageError as refusal:
        assert str(path) in refusal.message or refusal.code == "rules.unknown"
        return
    for globs in (Globs(settings.exclude), Globs(settings.include)):
        globs.match("tests/fixtures/" + "a/" * 50 + "x.md")
    _scan(r, book)


def gitleaks(r: Random) -> None:
    """The same for gitleaks' files; their allow lists judge what is found."""
    files = [
        _file(".gitleaks.toml", mutated(r, _GITLEAKS, _WORDS)),
        _file(".gitleaksignore", mutated(r, _IGNORE, _WORDS)),
    ]
    try:
        taken = gitleaks_config.read(files, BOOK)
    except UsageError as refusal:
        assert "cannot be used" in refusal.message
        return
    for finding in _scan(r, taken.book):
        for judge in taken.judges:
            judge(finding)


def _scan(r: Random, book):  # type: ignore[no-untyped-def]
    path, data = document(r)
    data = (data + b"\nkey_token = 'ABCD1234abcd5678ABCD' secret_abc1234\n" + b"key secret " * 2_000)[:60_000]
    first, slow = Engine(book), Engine(book, hyperscan=False)
    slow.prepare()
    found = first.scan(data, path)
    assert found == slow.scan(data, path)
    return found
