"""Rules a project brings itself, in `.keyguard.toml`: the format of the bundled ones, less of it required.

They come from the scanned tree, so they are bounded: number, length, and how often anything in a pattern
may repeat. Python's patterns cannot be stopped once they run away.
"""

from __future__ import annotations

import re
import warnings
from re import _constants as sre  # type: ignore[attr-defined]  # unstubbed; there is no public parser
from re import _parser as sre_parser  # type: ignore[attr-defined]  # as above
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.scanner.config import Config
from keyguard.scanner.rulebook import Rule, Rulebook, extra

MOST = 200
LONGEST_PATTERN = 4_000
LONGEST_MATCH = 20_000
_WAYS = 1_000_000
"""In how many ways one attempt may divide a text among the repeats of a pattern."""
_NAMES = frozenset(
    "id title why venue field severity anchors pattern min_entropy reach longest context alone references "
    "found ignored".split()
)
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*rule[ \t]*\]\]", re.MULTILINE)


def added(book: Rulebook, settings: Config) -> Rulebook:
    """The book with a project's own rules; UsageError `scan.config` names file, line and what is wrong."""
    if not settings.own_rules:
        return book
    lines = [settings.source.count("\n", 0, m.start()) + 1 for m in _HEADER.finditer(settings.source)]
    if len(settings.own_rules) > MOST:
        raise _wrong(settings, 1, f"more than {MOST} rules")
    for number, entry in enumerate(settings.own_rules):
        line = lines[number] if number < len(lines) else 1
        try:
            book = plus(book, rule(entry, book))
        except KeyError as error:
            raise _wrong(settings, line, f"the rule lacks {error}") from None
        except (TypeError, ValueError, AttributeError, re.error, RecursionError, OverflowError) as error:
            raise _wrong(settings, line, str(error) or "cannot be read") from None
    return book


def rule(entry: dict[str, Any], book: Rulebook) -> Rule:
    """One rule with its defaults; ValueError and the like say what is wrong."""
    if not isinstance(entry, dict):
        raise ValueError("a rule is a table")
    for name in entry:
        if name not in _NAMES:
            raise ValueError(f"unknown name {name!r}")
    if not isinstance(entry["id"], str) or not re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", entry["id"]):
        raise ValueError("id is a short word of letters, digits, dot, - and _")
    if any(entry["id"] == known.id for known in book.rules):
        raise ValueError(f"there is a rule {entry['id']!r} already")
    filled: dict[str, Any] = {
        "title": f"rule {entry['id']}",
        "why": "A rule of this project.",
        "field": "secret",
        "min_entropy": 0.0,
        "reach": 200,
        "references": [],
        "found": [],
        "ignored": [],
        **entry,
    }
    anchors = filled.get("anchors", [])
    if not filled.get("context") and not (
        isinstance(anchors, list) and all(map(_is_word, anchors)) and anchors
    ):
        raise ValueError("anchors is a list of words that must stand near, each of 2 characters or more")
    made = extra(filled, book)
    width = bounded(made.expression)
    return made._replace(longest=max(made.longest, width))


def plus(book: Rulebook, *rules: Rule) -> Rulebook:
    """The book with rules at its end."""
    return book._replace(rules=(*book.rules, *rules))


def bounded(expression: bytes) -> int:
    """The longest possible match; ValueError if the pattern could run away, re.error if it is none."""
    if len(expression) > LONGEST_PATTERN:
        raise ValueError(f"the pattern is longer than {LONGEST_PATTERN} characters")
    tree = _parsed(expression)
    ways = _ways(tree)
    width = tree.getwidth()[1]
    if width > LONGEST_MATCH:
        raise ValueError("the pattern has no end: write {0,200} for *, {1,200} for +")
    if ways > _WAYS:
        raise ValueError("the pattern repeats in too many ways: narrow its {…} or join them")
    if "secret" not in tree.state.groupdict:
        raise ValueError("the pattern has no group named secret")
    return int(width)


def _parsed(expression: bytes) -> Any:
    with warnings.catch_warnings():
        # "[[" and "--" in a class may one day mean something else; a warning would reach the terminal raw.
        warnings.simplefilter("error", FutureWarning)
        try:
            return sre_parser.parse(expression)
        except FutureWarning as doubt:
            raise ValueError(f"{str(doubt).lower()}: write a backslash before it") from None


def _ways(tree: Any) -> int:
    """How many ways there are to choose the counts of all repeats; capped."""
    ways = 1
    for operation, argument in tree:
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            low, high, body = argument
            if high == sre.MAXREPEAT:
                raise ValueError("the pattern has no end: write {0,200} for *, {1,200} for +")
            inner = _ways(body)
            ways *= (high - low + 1) * (inner ** min(high, 64) if inner > 1 else 1)
        elif operation is sre.SUBPATTERN:
            ways *= _ways(argument[3])
        elif operation is sre.ATOMIC_GROUP:
            ways *= _ways(argument)
        elif operation is sre.BRANCH:
            ways *= sum(_ways(branch) for branch in argument[1])
        elif operation in (sre.ASSERT, sre.ASSERT_NOT):
            ways *= _ways(argument[1])
        elif operation is sre.GROUPREF_EXISTS:
            raise ValueError("conditional patterns are not understood")
        ways = min(ways, _WAYS + 1)
    return ways


def _is_word(word: object) -> bool:
    return isinstance(word, str) and 2 <= len(word) <= 200


def _wrong(settings: Config, line: int, what: str) -> UsageError:
    return UsageError(f"{settings.path}:{line}: {what}", code="scan.config", hint="keyguard rules show ID")
