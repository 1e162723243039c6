"""`.keyguard.toml`: what a project says of its own scans.

It lies in the scanned tree, so it is read like everything there: a regular file, bounded, no link
followed. An unknown name in it is an error, since a misspelt exclusion would otherwise silently do
nothing, or a misspelt rule scan for less than meant.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from keyguard.core.errors import UsageError
from keyguard.scanner.sources.files import TooLarge, read_regular

NAME = ".keyguard.toml"
_LIMIT = 1_000_000


class Config(NamedTuple):
    """Settings of one project; `allowed`: fingerprints of findings that are known and accepted -> why.

    `own_rules` are the [[rule]] entries as written; `keyguard.scanner.own_rules` reads them.
    """

    path: Path | None = None
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    rules_off: frozenset[str] = frozenset()
    allowed: Mapping[str, str] = MappingProxyType({})
    own_rules: tuple[dict[str, Any], ...] = ()
    source: str = ""


def find(start: Path) -> Config:
    """Read the configuration that holds for a folder: its own, or that of a folder above it up to the
    top of its repository. UsageError `scan.config` if it cannot be understood."""
    found = nearest(start, (NAME,))
    return read(found[0]) if found else Config()


def nearest(start: Path, names: tuple[str, ...]) -> list[Path]:
    """Those of the files that the nearest folder has, looking upward to the top of the repository."""
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if here := [candidate / name for name in names if (candidate / name).exists()]:
            return here
        if (candidate / ".git").exists() or _is_bare(candidate):
            break
    return []


def _is_bare(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def read(path: Path) -> Config:
    """Read one file; UsageError `scan.config` says what is wrong in it."""
    import tomllib  # noqa: PLC0415 - most projects have no such file

    try:
        data = read_regular(path, _LIMIT)
        if data is None:
            raise _invalid(path, "not a regular file")
        source = data.decode()
        document = tomllib.loads(source)
        _known(document, {"scan", "rules", "allow", "rule"})
        scan, rules = document.get("scan", {}), document.get("rules", {})
        _known(scan, {"exclude", "include"})
        _known(rules, {"off"})
        return Config(
            path=path,
            exclude=_texts(scan, "exclude"),
            include=_texts(scan, "include"),
            rules_off=frozenset(_texts(rules, "off")),
            allowed=dict(_allowance(entry) for entry in document.get("allow", [])),
            own_rules=tuple(document.get("rule", [])),
            source=source,
        )
    except TooLarge:
        raise _invalid(path, "larger than 1 MB") from None
    except RecursionError:
        raise _invalid(path, "nested too deeply") from None
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


def _allowance(entry: dict[str, Any]) -> tuple[str, str]:
    _known(entry, {"fingerprint", "reason"})
    value, reason = entry.get("fingerprint"), entry.get("reason", "")
    if not isinstance(value, str) or not isinstance(reason, str):
        raise ValueError("every [[allow]] needs a fingerprint")
    return value, reason


def _invalid(path: Path, what: str) -> UsageError:
    return UsageError(f"{path} cannot be used: {what}", code="scan.config")
