"""Reports of scans: our SARIF and JSON, and JSON as gitleaks writes it.

A report needs no secrets: each place is read again, scanned again, and the same finding is taken.
gitleaks also reports what no venue's key is; such results are passed over. What `scan --env` found in a
dotfile is read from this user's home; what it found in a process stands in no file, and is counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from keyguard.core.errors import UsageError
from keyguard.intake import git_objects, source
from keyguard.intake.candidates import Candidate, Scan, merge
from keyguard.intake.problems import malformed
from keyguard.intake.reading import Text, decode
from keyguard.intake.reading import read as read_text
from keyguard.intake.tree import Mapping, Sequence, Tree
from keyguard.scanner.findings import Finding

_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PROCESS = re.compile(r"(?:process \d+ \(.*\)|this command) (?:environment|argument) ", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Result:
    """One result of a report. `number` counts from 1; `blob` and `commit` are "" for the work tree."""

    number: int
    root: Path
    path: str
    line: int
    venue: str
    fingerprint: str
    blob: str
    commit: str
    staged: bool

    def names(self, found: Finding) -> bool:
        """Whether this finding is the reported one: by our fingerprint, by line in foreign reports."""
        if self.venue and found.venue != self.venue:
            return False
        if self.fingerprint:
            return found.fingerprint == self.fingerprint
        return any(part.place.line <= self.line <= part.place.end_line for part in found.parts)


def is_sarif(root: Tree | None) -> bool:
    """Whether this is a SARIF log."""
    return isinstance(root, Mapping) and isinstance(root.entries.get("runs"), Sequence)


def is_gitleaks(root: Tree | None) -> bool:
    """Whether this is a report of gitleaks: a list whose parts all name a rule and a file."""
    if not isinstance(root, Sequence) or not root.items:
        return False
    return all(isinstance(one, Mapping) and {"RuleID", "File"} <= one.entries.keys() for one in root.items)


def is_ours(root: Tree | None) -> bool:
    """Whether this is our own JSON report."""
    return isinstance(root, Mapping) and {"format", "findings", "unread", "summary"} <= root.entries.keys()


def read_sarif(report: Text, scan: Scan, base: Path) -> tuple[str, tuple[Candidate, ...]]:
    """What it is, and the complete credentials our SARIF report names, read where they stand.

    Its paths start from the folder the report names, or from `base`: a scan leaves that folder out, since
    reports travel and a home folder's name is nobody else's business.
    """
    return _taken("SARIF report", report, list(_sarif(report, base)), scan)


def read_ours(report: Text, scan: Scan, base: Path) -> tuple[str, tuple[Candidate, ...]]:
    """The same of our JSON report; its paths are relative to `base`."""
    return _taken("keyguard's JSON report", report, list(_ours(report, base)), scan)


def read_gitleaks(report: Text, scan: Scan, base: Path) -> tuple[str, tuple[Candidate, ...]]:
    """The same of a gitleaks report; its paths are relative to `base`."""
    return _taken("gitleaks report", report, list(_gitleaks(report, base)), scan)


def _taken(kind: str, report: Text, results: list[_Result], scan: Scan) -> tuple[str, tuple[Candidate, ...]]:
    files = [result for result in results if not _PROCESS.match(result.path)]
    passed = len(results) - len(files)
    if passed and not files:
        raise malformed(
            report.path,
            0,
            "all it names stands in running processes, not in files",
            code="import.nothing",
            hint="`keyguard key add` takes the values by hand; look for what starts those processes",
        )
    words = f"{kind} ({passed} of {len(results)} results passed over: they stand in processes)"
    return words if passed else kind, _read(report, files, scan)


def _read(report: Text, results: list[_Result], scan: Scan) -> tuple[Candidate, ...]:
    contents: dict[tuple[Path, str, str, str], tuple[Text, tuple[Finding, ...]]] = {}
    taken: list[Candidate] = []
    for result in results:
        where = (result.root, result.path, result.blob, result.commit)
        if where not in contents:
            text = _content(report, result)
            contents[where] = (text, scan(text.data, result.path))
        text, findings = contents[where]
        same = [found for found in findings if result.names(found)]
        if not same and result.fingerprint:
            raise malformed(
                report.path,
                0,
                f"result {result.number} ({result.path}:{result.line}) is not found there any more",
                code="import.changed",
                hint="run the scan again and import the new report",
            )
        taken.extend(source.taken(text, found) for found in same if source.complete(found))
    return merge(taken)


def _content(report: Text, result: _Result) -> Text:
    if result.path.startswith("~/") and not (result.blob or result.commit or result.staged):
        result = replace(result, root=Path.home(), path=result.path[2:])
    path = PurePosixPath(result.path)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in result.path:
        raise _unusable(report, result.number, "names a file outside the scanned folder")
    shown = result.root / path
    if result.blob or result.commit or result.staged:
        if result.blob:
            name = result.blob
        elif result.commit:
            name = f"{result.commit}:{path}"
        else:
            name = f":0:{path}"
        held = "git's index" if result.staged else f"git history, commit {result.commit[:12] or 'unknown'}"
        data = git_objects.blob(result.root, name)
        return decode(shown, data, fixed=f"it stands in {held}")
    # A link inside the scanned folder may lead anywhere; the scanner did not follow it either.
    if shown.resolve() != result.root.resolve() / path:
        raise _unusable(report, result.number, "names a file behind a symbolic link")
    return read_text(shown)


def _sarif(report: Text, base: Path) -> Iterator[_Result]:
    number = 0
    for run in _list(_plain(report), "runs"):
        for entry in _list(run, "results"):
            number += 1
            ours = _get(entry, "properties", "keyguard")
            location = next(iter(_list(entry, "locations")), None)
            place = _get(location, "physicalLocation")
            uri = _get(place, "artifactLocation", "uri")
            named = str(_get(place, "artifactLocation", "uriBaseId") or "")
            root = _get(run, "originalUriBaseIds", named, "uri")
            if not isinstance(ours, dict) or not isinstance(uri, str):
                raise _unusable(report, number, "is not one of keyguard's own results")
            fingerprint = ours.get("fingerprint")
            if not isinstance(fingerprint, str) or not fingerprint:
                raise _unusable(report, number, "has no fingerprint")
            yield _Result(
                number,
                base if root is None else _folder(report, number, str(root)),
                unquote(uri),
                _number(_get(place, "region", "startLine")),
                str(ours.get("venue") or ""),
                fingerprint,
                _object(report, number, ours.get("blob")),
                _object(report, number, ours.get("commit")),
                ours.get("staged") is True,
            )


def _ours(report: Text, base: Path) -> Iterator[_Result]:
    for number, entry in enumerate(_list(_plain(report), "findings"), start=1):
        place = _get(next(iter(_list(entry, "parts")), None), "place")
        path, inside, fingerprint = _get(place, "path"), _get(place, "inside"), _get(entry, "fingerprint")
        if not isinstance(path, str) or not isinstance(fingerprint, str) or not fingerprint:
            raise _unusable(report, number, "has no place or no fingerprint")
        yield _Result(
            number,
            base,
            path.removesuffix(inside) if isinstance(inside, str) else path,
            _number(_get(place, "line")),
            str(_get(entry, "venue") or ""),
            fingerprint,
            _object(report, number, _get(place, "blob")),
            _object(report, number, _get(place, "commit")),
            _get(place, "staged") is True,
        )


def _gitleaks(report: Text, base: Path) -> Iterator[_Result]:
    entries = _plain(report)
    for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
        file = entry.get("File")
        if not isinstance(file, str):
            raise _unusable(report, number, "names no file")
        if Path(file).is_absolute() and Path(file).is_relative_to(base):
            file = Path(file).relative_to(base).as_posix()
        commit = _object(report, number, entry.get("Commit"))
        yield _Result(number, base, file, _number(entry.get("StartLine")), "", "", "", commit, staged=False)


def _plain(report: Text) -> Any:
    """The report as plain values; its shape was bounded when its format was told."""
    try:
        return json.loads(report.text)
    except (ValueError, RecursionError):
        raise malformed(report.path, 0, "is not valid JSON") from None


def _get(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _list(value: Any, name: str) -> list[Any]:
    found = _get(value, name)
    return found if isinstance(found, list) else []


def _number(value: Any) -> int:
    return value if type(value) is int else 0


def _object(report: Text, number: int, value: Any) -> str:
    if not value:
        return ""
    if not isinstance(value, str) or not _OBJECT.fullmatch(value):
        raise _unusable(report, number, "names no git object")
    return value


def _folder(report: Text, number: int, uri: str) -> Path:
    parts = urlsplit(uri)
    folder = Path(unquote(parts.path))
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or "\0" in str(folder):
        raise _unusable(report, number, "belongs to a run that does not say which folder was scanned")
    if not folder.is_dir():
        raise _unusable(report, number, "belongs to a folder that is not there")
    return folder


def _unusable(report: Text, number: int, what: str) -> UsageError:
    return malformed(
        report.path,
        0,
        f"result {number} {what}",
        hint="run the scan again: keyguard scan --format sarif -o FILE",
    )
