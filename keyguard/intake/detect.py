"""Tells which format a file has and reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from keyguard.core.errors import UsageError
from keyguard.intake import (
    ccxt_config,
    csv_table,
    dotenv,
    findings,
    freqtrade,
    hummingbot,
    json_tree,
    source,
    yaml_tree,
)
from keyguard.intake.candidates import Candidate, Scan, merge
from keyguard.intake.problems import malformed
from keyguard.intake.reading import Text
from keyguard.intake.reading import read as read_text
from keyguard.intake.tree import Tree


@dataclass(frozen=True, slots=True)
class Intake:
    """What one file brought. `format` is for people: ".env file", "freqtrade configuration" …"""

    path: Path
    format: str
    candidates: tuple[Candidate, ...]


def read_all(
    paths: Iterable[Path], scan: Scan, base: Path
) -> tuple[tuple[Intake, ...], tuple[Candidate, ...]]:
    """Read every file before anything is taken: what each brought, and all of it with each key once."""
    intakes = tuple(read(path, scan, base) for path in paths)
    return intakes, merge(one for intake in intakes for one in intake.candidates)


def read(path: Path, scan: Scan, base: Path) -> Intake:
    """Read one file. `base` is the folder that a gitleaks report's paths start from.

    UsageError naming file and line if it is malformed or ambiguous, `import.nothing` if it holds no
    complete credential.
    """
    text = read_text(path)
    format_, found = _read(text, scan, base)
    if not found:
        raise malformed(
            path,
            0,
            f"read as {format_}: no complete exchange credential in it",
            code="import.nothing",
            hint="a key and its secret must both stand there; or use `keyguard key add`",
        )
    return Intake(path, format_, merge(found))


def _read(text: Text, scan: Scan, base: Path) -> tuple[str, tuple[Candidate, ...]]:
    name, suffix = text.path.name.lower(), text.path.suffix.lower()
    if name == ".env" or name.startswith(".env.") or suffix == ".env":
        return ".env file", dotenv.read(text)
    if suffix == ".csv" or csv_table.matches(text):
        return "table", csv_table.read(text)
    if suffix in (".json", ".sarif", ".jsonc"):
        return _read_tree(text, json_tree.parse(text), scan, base)
    if suffix in (".yml", ".yaml"):
        return _read_yaml(text, scan, base)
    return _read_by_content(text, scan, base)


def _read_by_content(text: Text, scan: Scan, base: Path) -> tuple[str, tuple[Candidate, ...]]:
    """A name that says nothing: source code unless it can only be something else."""
    if text.text.lstrip()[:1] in ("{", "["):
        try:
            root = json_tree.parse(text)
        except UsageError:
            return "source code", source.read(text, scan)
        return _read_tree(text, root, scan, base)
    if not text.path.suffix:
        try:
            found = dotenv.read(text)
        except UsageError as error:
            if error.code == "import.ambiguous":
                raise
            found = ()
        if found:
            return ".env file", found
    return "source code", source.read(text, scan)


def _read_yaml(text: Text, scan: Scan, base: Path) -> tuple[str, tuple[Candidate, ...]]:
    try:
        root = yaml_tree.parse(text)
    except UsageError as error:
        # Anchors and tags belong to other programs' YAML, where the scanner knows its way.
        found = source.read(text, scan) if error.code == yaml_tree.UNSUPPORTED else ()
        if not found:
            raise
        return "YAML of another program", found
    return _read_tree(text, root, scan, base)


def _read_tree(text: Text, root: Tree | None, scan: Scan, base: Path) -> tuple[str, tuple[Candidate, ...]]:
    if findings.is_sarif(root):
        return findings.read_sarif(text, scan, base)
    if findings.is_gitleaks(root):
        return findings.read_gitleaks(text, scan, base)
    if findings.is_ours(root):
        return findings.read_ours(text, scan, base)
    if hummingbot.matches(root):
        raise hummingbot.refuse(text, root)
    exchange = freqtrade.section(root)
    if exchange:
        return "freqtrade configuration", freqtrade.read(text, exchange)
    if ccxt_config.matches(root):
        return "ccxt settings", ccxt_config.read(text, root)
    return "settings of another program", source.read(text, scan)
