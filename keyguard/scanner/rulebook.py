"""Reads `rules/*.toml`: what a leaked credential looks like, as data with examples that are its tests.

Patterns are bytes patterns: they run over the content as it is, so an offset of a match is an offset of
the file. A broken bar (¦) in an example is dropped when it is read; it keeps other scanners, and this
one, from taking the rule files themselves for a leak.
"""

import functools
import re
from pathlib import Path
from typing import Any, NamedTuple

from keyguard.core.errors import UsageError
from keyguard.scanner.findings import Severity

BUNDLED = Path(__file__).with_name("rules")
BREAK = "¦"
FIELDS = ("key", "secret", "private_key", "passphrase")
VALUE = r"(?xi) {{name}} {{is}} (?-i: (?P<secret> {{wide}} ) ) {{end}}"
"""What a rule made of a venue's field looks like, for people and for tests."""
LONG = 16
"""A long value in `sought` has so many characters at least, and a capital or a digit among them:
a long value without one is a word."""
CONTEXT_REACH = 1200
"""How far, in bytes, a venue's name claims the nameless values after it (before it: a quarter)."""


class Found(NamedTuple):
    """An example that must be found, and the value that must come out of it."""

    text: str
    secret: str
    path: str


class Ignored(NamedTuple):
    """An example that must not be found, and why."""

    text: str
    because: str
    path: str


class Venue(NamedTuple):
    """Who a value may belong to. `words` claim nameless values near them, `file_words` a whole file.

    `whole_words` are like `words`, but ordinary text is full of them ("gate"), so they count only where
    no letter stands beside them. `private_key`: its keys can be signed with a private key of one's own,
    so a PEM beside its access key belongs to it.
    """

    id: str
    name: str
    words: tuple[bytes, ...]
    file_words: tuple[bytes, ...]
    private_key: bool
    whole_words: tuple[bytes, ...] = ()


class Rule(NamedTuple):
    """One field of one venue's credential (venue "" for what belongs to none).

    The pattern runs only within `reach` bytes of an anchor and never matches more than `longest` bytes.
    Reach 0: it begins with the anchor, and is tried there and nowhere else. `validate` names a function
    of `validators.py` that a value must pass as well; `trusted`: who passes it is no placeholder. `last`
    above 0: the rule takes only what no rule with a lower one explains.
    `context`: the value is nameless, so the nearest venue name must be this venue's. `alone` False:
    reported only as part of a credential. `rank` is the place in the rulebook: named rules come first.

    `called`: the rule takes values whose names are of these classes (`Names`); they are looked for once
    for all such rules. The value of the nearest venue must have that venue's `shape`, one whose own name
    holds the venue's its `wide` shape; `alone_named` is `alone` for the latter.

    `sought`: expressions without assertions, for Hyperscan. Wherever the rule takes a value, a match of one
    begins (with reach 0) at the anchor, and ends at most `prefilter.REACH` behind the beginning of the
    rule's match or of the value's name, so nothing else needs to be looked at. None: the anchors decide.
    """

    id: str
    title: str
    why: str
    venue: str
    field: str
    severity: Severity
    anchors: tuple[bytes, ...]
    expression: bytes
    min_entropy: float
    reach: int
    longest: int
    context: bool
    alone: bool
    validate: str
    trusted: bool
    last: int
    rank: int
    references: tuple[str, ...]
    found: tuple[Found, ...]
    ignored: tuple[Ignored, ...]
    called: tuple[str, ...] = ()
    shape: bytes = b""
    wide: bytes = b""
    alone_named: bool = True
    sought: tuple[bytes, ...] = ()

    @property
    def pattern(self) -> re.Pattern[bytes]:
        """The compiled expression. Compiled when first needed, which in most scans is never: all of them
        together take 12 ms, as long as the rest of a start."""
        return compiled(self.expression)


class Placeholders(NamedTuple):
    """Words that make a value a placeholder: `anywhere` and `start` without case, `exact` with."""

    anywhere: tuple[str, ...]
    start: tuple[str, ...]
    exact: tuple[str, ...]


class Names(NamedTuple):
    """How names tell what their values are. `opening` matches, in lower case, a name's telling part and
    all up to its value; the first of `classes` whose expression the name holds is its class, "" none.
    `signing` matches, in lower case, a call that signs and all up to the literal it signs with; it begins
    with one of the literals `signs`. `listed` is for `sought`: two values in a row."""

    opening: bytes
    signs: tuple[bytes, ...]
    signing: bytes
    listed: bytes
    classes: tuple[tuple[str, bytes], ...]


class Rulebook(NamedTuple):
    """All rules, venues and words. `allow` are inline markers, `elsewhere` names without rules."""

    rules: tuple[Rule, ...]
    venues: tuple[Venue, ...]
    placeholders: Placeholders
    allow: tuple[bytes, ...]
    elsewhere: tuple[bytes, ...]
    names: Names

    def venue(self, venue: str) -> Venue | None:
        """By id; None for "" and unknown ones."""
        return next((v for v in self.venues if v.id == venue), None)

    def rule(self, rule: str) -> Rule:
        """By id; UsageError `rules.unknown`."""
        for known in self.rules:
            if known.id == rule:
                return known
        raise UsageError(f"no rule {rule!r}", code="rules.unknown", hint="keyguard rules list")

    def without(self, ids: frozenset[str]) -> "Rulebook":
        """The same with some rules off; UsageError `rules.unknown` for an id that is none."""
        for one in ids:
            self.rule(one)
        kept = tuple(rule for rule in self.rules if rule.id not in ids)
        return self._replace(rules=kept)


@functools.cache
def compiled(expression: bytes) -> re.Pattern[bytes]:
    """`re` itself remembers 512 patterns and then forgets the first, which is the next one needed."""
    return re.compile(expression)


def load(folder: Path = BUNDLED) -> Rulebook:
    """Read a folder of rule files; UsageError `rules.invalid` names the file and what is wrong in it."""
    common = _read(folder / "common.toml")
    fragments: dict[str, str] = {**common["fragments"], "long": _mixed(LONG)}
    rules: list[Rule] = []
    venues: list[Venue] = []
    for path in sorted(folder.glob("*.toml")):
        if path.name == "common.toml":
            continue
        document = _read(path)
        try:
            venue = _venue(document["venue"]) if "venue" in document else None
            venues += [venue] if venue else []
            entries = _of_venue(document["venue"], common["field"]) if venue else []
            for entry in entries + document.get("rule", []):
                rules.append(_rule(entry, venue, fragments, rank=len(rules)))
        except (KeyError, TypeError, ValueError) as error:
            raise _invalid(path, f"{type(error).__name__}: {error}") from None
    words = common["placeholders"]
    return Rulebook(
        rules=tuple(rules),
        venues=tuple(venues),
        placeholders=Placeholders(tuple(words["anywhere"]), tuple(words["start"]), tuple(words["exact"])),
        allow=_bytes(common["inline"]["allow"]),
        elsewhere=_bytes(common["elsewhere"]["words"]),
        names=_names(common["names"], fragments),
    )


def _read(path: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - a scan reads the compact form

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _invalid(path, str(error)) from None


def _invalid(path: Path, what: str) -> UsageError:
    return UsageError(f"rule file {path.name} is invalid: {what}", code="rules.invalid")


def _bytes(words: list[str]) -> tuple[bytes, ...]:
    """Words as content has them: lower case, in UTF-8, and Korean also in Windows' CP949."""
    forms: list[bytes] = []
    for word in words:
        forms.append(word.lower().encode())
        if not word.isascii():
            forms.append(word.encode("cp949").lower())
    return tuple(forms)


def _venue(entry: dict[str, Any]) -> Venue:
    return Venue(
        id=entry["id"],
        name=entry["name"],
        words=_bytes(entry["words"]),
        file_words=_bytes(entry.get("file_words", [])),
        private_key=entry.get("own_key", False),
        whole_words=_bytes(entry.get("whole_words", [])),
    )


def _names(entry: dict[str, Any], fragments: dict[str, str]) -> Names:
    opening = _filled(entry["opening"], fragments).encode()
    signing = _filled(entry["signing"], fragments).encode()
    listed = f"(?xi) {_filled(fragments['listed'], fragments)}".encode()
    return Names(
        opening,
        _bytes(entry["signs"]),
        signing,
        listed,
        tuple((each["class"], each["holds"].encode()) for each in entry["class"]),
    )


def _of_venue(venue: dict[str, Any], usual: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules that follow from what a venue says of its fields, with what is usual for each field."""
    entries = []
    for field in FIELDS:
        if field in usual and isinstance(venue.get(field), dict):
            entry = {**usual[field], "references": venue["references"], **venue[field]}
            entry |= {"id": f"{venue['id']}.{field}", "field": field, "context": True, "pattern": VALUE}
            entry["title"] = f"{venue['name']} {entry['title']}"
            entries.append(entry)
    return entries


def _rule(entry: dict[str, Any], venue: Venue | None, fragments: dict[str, str], rank: int) -> Rule:
    context = entry.get("context", False)
    if context and venue is None:
        raise ValueError(f"{entry['id']}: context needs a venue")
    if entry["field"] not in FIELDS:
        raise ValueError(f"{entry['id']}: field must be one of {', '.join(FIELDS)}")
    shape = _filled(entry.get("shape", ""), fragments)
    wide = _filled(entry.get("wide", ""), fragments) or shape
    expression = _filled(entry["pattern"], {"wide": wide, **fragments})
    if "(?P<secret>" not in expression:
        raise ValueError(f"{entry['id']}: the pattern has no group named secret")
    if context and venue:
        anchors = venue.words + venue.whole_words + venue.file_words
    else:
        anchors = _bytes(entry["anchors"])
    if not anchors:
        raise ValueError(f"{entry['id']}: no anchor")
    severity = entry.get("severity") or ("low" if entry["field"] == "key" else "high")
    return Rule(
        id=entry["id"],
        title=entry["title"],
        why=entry["why"],
        venue=venue.id if venue else "",
        field=entry["field"],
        severity=Severity(severity),
        anchors=anchors,
        expression=expression.encode(),
        min_entropy=float(entry["min_entropy"]),
        reach=CONTEXT_REACH if context else int(entry["reach"]),
        longest=int(entry.get("longest", 440)),
        context=context,
        alone=entry.get("alone", True),
        validate=_validator(entry),
        trusted=entry.get("trusted", False),
        last=int(entry.get("last", 0)),
        rank=rank,
        references=tuple(entry["references"]),
        found=tuple(
            Found(_whole(e["in"]), _whole(e["secret"]), e.get("path", "example")) for e in entry["found"]
        ),
        ignored=tuple(
            Ignored(_whole(e["in"]), e["because"], e.get("path", "example")) for e in entry["ignored"]
        ),
        called=tuple(entry.get("called", ())),
        shape=_tested(shape, fragments),
        wide=_tested(wide, fragments),
        alone_named=entry.get("alone_named", True),
        sought=_sought(entry, fragments),
    )


def _validator(entry: dict[str, Any]) -> str:
    from keyguard.scanner.validators import VALIDATORS  # noqa: PLC0415 - a scan reads the compact form

    name: str = entry.get("validate", "")
    if name and name not in VALIDATORS:
        raise ValueError(f"{entry['id']}: there is no validator {name!r}")
    return name


def _mixed(size: int) -> str:
    """So many characters of a value, or some more until one is a capital or a digit."""
    small = "[a-z_+/=-]"
    ways = [f"{small}{{{n}}}[A-Z0-9][\\w+/=-]{{{size - n - 1}}}" for n in range(1, size - 1)]
    ways += [f"[A-Z0-9][\\w+/=-]{{{size - 1}}}", f"{small}{{{size - 1},{3 * size}}}[A-Z0-9]"]
    return f"(?-i:{'|'.join(ways)})"


def _sought(entry: dict[str, Any], fragments: dict[str, str]) -> tuple[bytes, ...]:
    return tuple(f"(?xi) {_filled(each, fragments)}".encode() for each in entry.get("sought", ()))


def _tested(shape: str, fragments: dict[str, str]) -> bytes:
    return f"(?x) (?P<secret> {shape} ) {fragments['end']}".encode() if shape else b""


def _filled(expression: str, fragments: dict[str, str]) -> str:
    """An expression with its {{fragments}}, which may hold others, put in."""
    for name, fragment in fragments.items():
        expression = expression.replace("{{" + name + "}}", fragment)
    return expression


def _whole(example: str) -> str:
    return example.replace(BREAK, "")


def extra(entry: dict[str, Any], book: Rulebook) -> Rule:
    """One more rule from an entry in the format of the bundled files; `venue` names one of the book's.

    Raises KeyError, TypeError, ValueError, re.error as the entry deserves.
    """
    venue = book.venue(entry["venue"]) if "venue" in entry else None
    if "venue" in entry and venue is None:
        raise ValueError(f"no venue {entry['venue']!r}")
    return _rule(entry, venue, {}, rank=len(book.rules))
