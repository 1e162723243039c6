"""`.keyguard.toml`: what a project says of its own scans.

It lies in the scanned tree, so it is read like everything there: a regular file, bounded, no link
followed. An unknown name in it is an error, since a misspelt exclusion would otherwise silently do
nothing, or a misspelt rule scan for less than meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.scanner.sources.files import TooLarge, read_regular

NAME = ".keyguard.toml"
_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one project; `allowed` are fingerprints of findings that are known and accepted."""

    path: Path | None = None
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    rules_off: frozenset[str] = field(default_factory=frozenset)
    allowed: frozenset[str] = field(default_factory=frozenset)


def find(start: Path) -> Config:
    """Read the configuration that holds for a folder: its own, or that of a folder above it up to the
    top of its repository. UsageError `scan.config` if it cannot be understood."""
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / NAME).exists():
            return read(candidate / NAME)
        if (candidate / ".git").exists():
            break
    return Config()


def read(path: Path) -> Config:
    """Read one file; UsageError `scan.config` says what is wrong in it."""
    import tomllib  # noqa: PLC0415 - most projects have no such file

    try:
        data = read_regular(path, _LIMIT)
        if data is None:
            raise _invalid(path, "not a regular file")
        document = tomllib.loads(data.decode())
        _known(document, {"scan", "rules", "allow"})
        scan, rules = document.get("scan", {}), document.get("rules", {})
        _known(scan, {"exclude", "include"})
        _known(rules, {"off"})
        return Config(
            path=path,
            exclude=_texts(scan, "exclude"),
            include=_texts(scan, "include"),
            rules_off=frozenset(_texts(rules, "off")),
            allowed=frozenset(_fingerprint(entry) for entry in document.get("allow", [])),
        )
    except TooLarge:
        raise _invalid(path, "larger than 1 MB") from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise _invalid(path, str(error)) from None


def _known(table: dict[str, Any], names: set[str]) -> None:
    for name in table:
        if name not in names:
            raise ValueError(f"unknown name {name!r}")


def _texts(table: dict[str, Any], name: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
        raise ValueError(f"{name} must be a list of texts")
    return tuple(value)


def _fingerprint(entry: dict[str, Any]) -> str:
    _known(entry, {"fingerprint", "reason"})
    value = entry.get("fingerprint")
    if not isinstance(value, str):
        raise ValueError("every [[allow]] needs a fingerprint")
    return value


def _invalid(path: Path, what: str) -> UsageError:
    return UsageError(f"{path} cannot be used: {what}", code="scan.config")
