"""The rules in a form that loads in a millisecond or two: `rules/compact.json`, made from the TOML files.

Reading the TOML files takes longer than everything else a commit hook does. The compact form leaves out
the examples and holds one rule a line. It is used only while it belongs to the TOML files beside it, so
an edited rule counts at once; `python -m keyguard.scanner.compact` writes it anew, and a test compares.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from keyguard.scanner.findings import Severity
from keyguard.scanner.rulebook import (
    BUNDLED,
    Found,
    Ignored,
    Names,
    Placeholders,
    Rule,
    Rulebook,
    Venue,
    load,
)

Row = TypeVar("Row", Rule, Venue, Placeholders, Names)
NAME = "compact.json"
_TOGETHER = 2_000_000_000
"""Nanoseconds. Files that came with one checkout or installation have no order among themselves."""


def quick(folder: Path = BUNDLED) -> Rulebook:
    """The rules without their examples; from the TOML files if the compact form is not theirs.

    UsageError `rules.invalid` as from `load`.
    """
    try:
        with (folder / NAME).open(encoding="utf-8") as file:
            written = os.fstat(file.fileno()).st_mtime_ns
            sources, _, book = file.read().partition("\n")
        checksums = json.loads(sources)
        if _is_older(folder, checksums, written + _TOGETHER) or checksums == _sources(folder):
            return _book(json.loads(book))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # damaged, or of another version of this program: the TOML files say the same
    return without_examples(load(folder))


def without_examples(book: Rulebook) -> Rulebook:
    """The same rules with nothing to test them by."""
    rules = tuple(rule._replace(found=(), ignored=()) for rule in book.rules)
    return book._replace(rules=rules)


def write(folder: Path = BUNDLED) -> Path:
    """Make the compact form of a folder of rule files: a line for what it was made of, then the book."""
    rules, *rest = without_examples(load(folder))
    lines = [json.dumps(_sources(folder)), "[["]
    lines += [",\n".join(map(_json, rules)), "]," + ",\n".join(map(_json, rest)) + "]"]
    file = folder / NAME
    file.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
    return file


def _sources(folder: Path) -> dict[str, int]:
    """Name -> checksum. Against forgetting, not against forging: whoever can change these files can
    change the program. Line ends do not count, since a checkout on Windows changes them."""
    import zlib  # noqa: PLC0415 - only where the files' times leave it open

    files = sorted(folder.glob("*.toml"))
    return {path.name: zlib.crc32(path.read_bytes().replace(b"\r\n", b"\n")) for path in files}


def _is_older(folder: Path, names: dict[str, int], instant: int) -> bool:
    """Whether these are the folder's rule files, none of them changed after an instant (nanoseconds)."""
    with os.scandir(folder) as entries:
        times = {e.name: e.stat().st_mtime_ns for e in entries if e.name.endswith(".toml")}
    return times.keys() == names.keys() and max(times.values()) <= instant


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, default=_plain)


def _plain(value: Any) -> str:
    """What JSON does not know. The type of its field says how to read it again."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, Severity):
        return value.value
    raise TypeError(f"a rule holds a {type(value).__name__}, which the compact form cannot say")


def _book(rows: list[Any]) -> Rulebook:
    rules, venues, placeholders, allow, elsewhere, names = rows
    return Rulebook(
        rules=_all(Rule, rules),
        venues=_all(Venue, venues),
        placeholders=_all(Placeholders, [placeholders])[0],
        allow=_many_bytes(allow),
        elsewhere=_many_bytes(elsewhere),
        names=_all(Names, [names])[0],
    )


def _all(kind: type[Row], rows: list[list[Any]]) -> tuple[Row, ...]:
    """Tuples of one kind from lists, each field by its type."""
    types = enumerate(kind.__annotations__.values())
    readers = [(number, _READERS[type_]) for number, type_ in types if type_ not in _PLAIN]
    for row in rows:
        for number, read in readers:
            row[number] = read(row[number])
    return tuple(map(kind._make, rows))


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


def _many_bytes(texts: list[str]) -> tuple[bytes, ...]:
    return tuple(map(_bytes, texts))


def _classes(pairs: list[list[str]]) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, _bytes(holds)) for name, holds in pairs)


_PLAIN = frozenset((str, int, float, bool))
_READERS: dict[Any, Callable[[Any], Any]] = {
    bytes: _bytes,
    tuple[bytes, ...]: _many_bytes,
    tuple[str, ...]: tuple,
    tuple[Found, ...]: tuple,  # empty: examples are left out
    tuple[Ignored, ...]: tuple,
    tuple[tuple[str, bytes], ...]: _classes,
    Severity: Severity,
}
"""How to read a field of a type; one that is missing here makes the compact form useless, and a test red."""


if __name__ == "__main__":
    write()
