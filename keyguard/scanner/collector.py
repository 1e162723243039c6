"""One finding per credential, however often and wherever it was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from keyguard.scanner.findings import Finding, Part, Place
from keyguard.scanner.fingerprint import fingerprint

_ORDER = {"critical": 0, "high": 1, "medium": 2, "low": 3}


class Collector:
    """Gathers findings. The fullest occurrence of a credential stands for it, the others are `seen`."""

    def __init__(self) -> None:
        self._findings: dict[str, Finding] = {}
        self._seen: defaultdict[str, list[Place]] = defaultdict(list)

    def add(self, findings: Iterable[Finding]) -> None:
        """Take what one content brought."""
        for finding in findings:
            name = finding.fingerprint
            known = self._findings.get(name)
            if known is None or len(finding.parts) > len(known.parts):
                self._findings[name], finding = finding, known or finding
            if known is not None:
                # Gathered in lists, put together at the end: one credential may be seen a million times.
                self._seen[name] += _places(finding)

    def findings(self) -> tuple[Finding, ...]:
        """All findings, worst first, then by place. A key that stands alone in one place and with its
        secret in another is no finding of its own."""
        owner = {_identity(f, p): f.fingerprint for f in self._findings.values() for p in f.parts[1:]}
        kept = {name: _with_seen(f, tuple(self._seen.get(name, ()))) for name, f in self._findings.items()}
        for finding in self._findings.values():
            if len(finding.parts) == 1 and (whole := owner.get(_identity(finding, finding.parts[0]))):
                alone = kept.pop(finding.fingerprint)
                kept[whole] = _with_seen(kept[whole], _places(alone))
        return tuple(sorted(kept.values(), key=_rank))


def _rank(finding: Finding) -> tuple[int, str, int]:
    place = finding.parts[0].place
    return _ORDER[finding.severity.value], place.path, place.start


def _identity(finding: Finding, part: Part) -> str:
    """Names a part without holding its value."""
    return fingerprint(finding.venue, part.field, part.value.reveal())


def _places(finding: Finding) -> tuple[Place, ...]:
    return (finding.parts[0].place, *finding.seen)


def _with_seen(finding: Finding, places: tuple[Place, ...]) -> Finding:
    return finding._replace(seen=(*finding.seen, *places)) if places else finding
