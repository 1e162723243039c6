"""An existing `.gitleaks.toml` and `.gitleaksignore`: what they allow is allowed here, their rules are ours.

Facts: config/allowlist.go, config/config.go and README of github.com/gitleaks/gitleaks (v8), read
2026-11-21. Whatever cannot be taken over is said in a note: a rule that silently does nothing would be
believed. Sizes are bounded, since both files lie in the scanned tree.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.scanner import own_rules
from keyguard.scanner.allowances import Judge
from keyguard.scanner.findings import Finding
from keyguard.scanner.gitleaks_pattern import translated
from keyguard.scanner.rulebook import Rule, Rulebook
from keyguard.scanner.sources.files import TooLarge, read_regular

NAME = ".gitleaks.toml"
IGNORE = ".gitleaksignore"
_LIMIT = 1_000_000
_LINES = 10_000
_LITERAL = re.compile(r"[A-Za-z0-9_]{4,}")
_SPECIAL = re.compile(r"\[[^\]]*\]|\\.|\([?][^:)]*[:)>]|[{][^}]*[}]")


@dataclass(slots=True)
class Taken:
    """What was taken over: the book with more rules, who accepts findings, and notes for people."""

    book: Rulebook
    judges: list[Judge] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(files: list[Path], book: Rulebook) -> Taken:
    """Take over what these files say; UsageError `scan.config` for one that is no TOML or too large."""
    taken = Taken(book)
    for path in files:
        (_config if path.name == NAME else _ignore)(path, _text(path), taken)
    return taken


def _text(path: Path) -> str:
    try:
        data = read_regular(path, _LIMIT)
        if data is None:
            raise _unusable(path, "not a regular file")
        return data.decode()
    except TooLarge:
        raise _unusable(path, "larger than 1 MB") from None
    except (OSError, ValueError) as error:
        raise _unusable(path, str(error)) from None


def _config(path: Path, text: str, taken: Taken) -> None:
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise _unusable(path, "nested too deeply") from None
    except ValueError as error:
        raise _unusable(path, str(error)) from None
    notes: list[str] = []
    lists = [*_tables(document, "allowlists")]
    lists += [document["allowlist"]] if isinstance(document.get("allowlist"), dict) else []
    for entry in lists:
        _allow(entry, _texts(entry, "targetRules"), taken, notes)
    rules = _tables(document, "rules")
    for entry in rules[: own_rules.MOST]:
        _rule(entry, taken, notes)
    if len(rules) > own_rules.MOST:
        notes.append(f"{len(rules) - own_rules.MOST} rules beyond the first {own_rules.MOST}")
    if isinstance(extend := document.get("extend"), dict) and (extend.get("path") or extend.get("url")):
        notes.append("the configuration it extends")
    count = sum(rule.id.startswith("gitleaks.") for rule in taken.book.rules)
    taken.notes.append(f"{path.name} is honoured: {len(lists)} allow lists, {count} of {len(rules)} rules")
    taken.notes += [f"{path.name}: not taken over: {note}" for note in notes]


def _rule(entry: dict[str, Any], taken: Taken, notes: list[str]) -> None:
    name = str(entry.get("id", "?"))
    ours = f"gitleaks.{name}"
    try:
        if not entry.get("regex"):
            raise ValueError("it has no regex")
        if _texts(entry, "required") or entry.get("required"):
            raise ValueError("it requires other rules")
        pattern = translated(entry["regex"], int(entry.get("secretGroup", 0)))
        rule = own_rules.rule(
            {
                "id": ours,
                "title": str(entry.get("description") or name)[:200],
                "why": "A rule of this project's .gitleaks.toml.",
                "anchors": list(_texts(entry, "keywords")) or _literals(entry["regex"]),
                "pattern": pattern,
                "min_entropy": float(entry.get("entropy", 0.0)),
                "reach": 2_000,
            },
            taken.book,
        )
        if path := entry.get("path"):
            taken.judges.append(_elsewhere(rule, re.compile(_searched(path))))
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        re.error,
        RecursionError,
        OverflowError,
    ) as error:
        notes.append(f"rule {name!r}: {error}")
        return
    taken.book = own_rules.plus(taken.book, rule)
    allow = entry.get("allowlist")
    for one in [*_tables(entry, "allowlists"), *([allow] if isinstance(allow, dict) else [])]:
        _allow(one, (name,), taken, notes)


def _allow(entry: dict[str, Any], rules: tuple[str, ...], taken: Taken, notes: list[str]) -> None:
    """One allow list: any of its tests accepts, or with condition AND all of them."""
    target = str(entry.get("regexTarget", "secret"))
    tests: list[Callable[[Finding], bool]] = []
    if commits := frozenset(_texts(entry, "commits")):
        tests.append(lambda f: f.parts[0].place.commit in commits)
    if paths := _patterns(entry, "paths", notes):
        tests.append(lambda f: any(p.search(f.parts[0].place.path) for p in paths))
    if regexes := _patterns(entry, "regexes", notes):
        if target == "match":
            notes.append("regexes of an allow list with regexTarget match")
        else:
            tests.append(lambda f: any(p.search(_target(f, target)) for p in regexes))
    if words := tuple(word.lower() for word in _texts(entry, "stopwords")):
        tests.append(lambda f: any(word in f.parts[0].value.reveal().lower() for word in words))
    if not tests:
        return
    whole = all if str(entry.get("condition", "OR")).upper() in ("AND", "&&") else any
    ours = frozenset(f"gitleaks.{rule}" for rule in rules)
    reason = str(entry.get("description", ""))[:200]

    def judge(finding: Finding) -> tuple[str, str] | None:
        if ours and finding.rule not in ours:
            return None
        return (NAME, reason) if whole(test(finding) for test in tests) else None

    taken.judges.append(judge)


def _ignore(path: Path, text: str, taken: Taken) -> None:
    """`commit:file:rule:line` or `file:rule:line`. Rules have other names here, so file and line decide."""
    places: set[tuple[str, str, int]] = set()
    strange = 0
    for line in text.splitlines()[:_LINES]:
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        match = re.fullmatch(r"(?:([0-9a-f]{40}|[0-9a-f]{64}):)?(.+):[^:]+:(\d{1,9})", words)
        if match:
            places.add((match[1] or "", match[2], int(match[3])))
        else:
            strange += 1
    taken.notes.append(f"{path.name} is honoured: {len(places)} places")
    if strange:
        taken.notes.append(f"{path.name}: not taken over: {strange} lines of another form")

    def judge(finding: Finding) -> tuple[str, str] | None:
        first = finding.parts[0].place
        for part in finding.parts:
            place = part.place
            if {("", place.path, place.line), (first.commit, place.path, place.line)} & places:
                return IGNORE, ""
        return None

    taken.judges.append(judge)


def _target(finding: Finding, target: str) -> str:
    part = finding.parts[0]
    if target == "line" and part.excerpt:
        return "".join(fragment.text.reveal() for fragment in part.excerpt.fragments)
    return part.value.reveal()


def _elsewhere(rule: Rule, path: re.Pattern[str]) -> Judge:
    def judge(finding: Finding) -> tuple[str, str] | None:
        wrong = finding.rule == rule.id and not path.search(finding.parts[0].place.path)
        return (NAME, "the rule is for other paths") if wrong else None

    return judge


def _patterns(entry: dict[str, Any], name: str, notes: list[str]) -> list[re.Pattern[str]]:
    found = []
    for pattern in _texts(entry, name):
        try:
            found.append(re.compile(_searched(pattern)))
        except (ValueError, re.error, RecursionError, OverflowError) as error:
            notes.append(f"{name} {pattern[:60]!r}: {error}")
    return found


def _searched(pattern: str) -> str:
    """A pattern that is only searched for; bounded like the others. What `.*` at an end adds is nothing."""
    short = re.sub(r"^\^?(?:\(?\.\*\??\)?)", "", pattern)
    short = re.sub(r"(?<!\\)\.[*+]\$?$", "", short)
    python = translated(short)
    own_rules.bounded(f"(?:{python})(?P<secret>)".encode())
    return python


def _literals(pattern: str) -> list[str]:
    """A word without which the pattern cannot match, if it is plain that there is one."""
    if "|" in pattern:
        raise ValueError("it has no keywords")
    words = _LITERAL.findall(_SPECIAL.sub(" ", re.sub(r"\w[?*]", " ", pattern)))
    if not words:
        raise ValueError("it has no keywords")
    return [max(words, key=len)]


def _tables(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = document.get(name, [])
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(table: dict[str, Any], name: str) -> tuple[str, ...]:
    value = table.get(name, [])
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _unusable(path: Path, what: str) -> UsageError:
    return UsageError(f"{path} cannot be used: {what}", code="scan.config")
