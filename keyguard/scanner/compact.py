"""The rules in a form that loads in a millisecond or two: `rules/compact.json`, made from the TOML files.

Reading the TOML files takes longer than everything else a commit hook does. The compact form leaves out
the examples and holds one rule a line. It is used only while it belongs to the TOML files beside it, so
an edited rule counts at once; `python -m keyguard.scanner.compact` writes it anew, and a test compares.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import zlib
from pathlib import Path
from typing import Any

from keyguard.scanner import rulebook
from keyguard.scanner.rulebook import BUNDLED, Rulebook, load

NAME = "compact.json"
_BYTES, _MANY_BYTES, _SET, _TABLE = "b", "B", "F", "D"


def quick(folder: Path = BUNDLED) -> Rulebook:
    """The rules without their examples; from the TOML files if the compact form is not theirs.

    UsageError `rules.invalid` as from `load`.
    """
    try:
        text = (folder / NAME).read_text("utf-8")
        sources, _, book = text.partition("\n")
        if json.loads(sources) == _sources(folder):
            made = json.loads(book, object_hook=_decode)
            if isinstance(made, Rulebook):
                return made
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # damaged, or of another version of this program: the TOML files say the same
    return without_examples(load(folder))


def without_examples(book: Rulebook) -> Rulebook:
    """The same rules with nothing to test them by."""
    rules = tuple(dataclasses.replace(rule, found=(), ignored=()) for rule in book.rules)
    return dataclasses.replace(book, rules=rules)


def write(folder: Path = BUNDLED) -> Path:
    """Make the compact form of a folder of rule files: a line for what it was made of, then the book."""
    book = json.dumps(_encode(without_examples(load(folder))), separators=(",", ":"), ensure_ascii=True)
    lines = [json.dumps(_sources(folder)), book.replace('{"Rule":', '\n{"Rule":').replace('{"V', '\n{"V')]
    file = folder / NAME
    file.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
    return file


def _sources(folder: Path) -> dict[str, int]:
    """Name -> checksum. Against forgetting, not against forging: whoever can change these files can
    change the program. Line ends do not count, since a checkout on Windows changes them."""
    files = sorted(folder.glob("*.toml"))
    return {path.name: zlib.crc32(path.read_bytes().replace(b"\r\n", b"\n")) for path in files}


def _encode(value: Any) -> Any:
    """Tuples as lists, all else JSON does not know as an object of one member that names it."""
    if isinstance(value, enum.Enum):
        return {type(value).__name__: value.value}
    if dataclasses.is_dataclass(value):
        row = [_encode(getattr(value, field.name)) for field in dataclasses.fields(value)]
        return {type(value).__name__: row}
    if isinstance(value, bytes):
        return {_BYTES: value.decode("latin-1")}
    if isinstance(value, tuple):
        if value and all(isinstance(entry, bytes) for entry in value):
            return {_MANY_BYTES: [entry.decode("latin-1") for entry in value]}
        return [_encode(entry) for entry in value]
    if isinstance(value, frozenset):
        return {_SET: [_encode(entry) for entry in sorted(value)]}
    if isinstance(value, dict):
        return {_TABLE: [[_encode(key), _encode(entry)] for key, entry in value.items()]}
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"a rule holds a {type(value).__name__}, which the compact form cannot say")


def _decode(named: dict[str, Any]) -> Any:
    ((name, value),) = named.items()
    if name == _BYTES:
        return value.encode("latin-1")
    if name == _MANY_BYTES:
        return tuple([entry.encode("latin-1") for entry in value])
    if name == _SET:
        return frozenset(value)
    if name == _TABLE:
        return {key: _tuples(entry) for key, entry in value}
    made = getattr(rulebook, name)
    return made(*map(_tuples, value)) if isinstance(value, list) else made(value)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if type(value) is list else value


if __name__ == "__main__":
    write()
