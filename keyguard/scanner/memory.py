"""What of a repository's history an earlier scan has read already.

Objects never change, so what the same program has read once with the same rules, limits and known keys
need not be read again. Remembered are the commits and tags from which everything was read, and the objects
that were not clean (a finding, accepted or not, or something unread), which are read each time. One small
file a repository, below the home and for its owner alone, named by a digest; no secret is in it, nothing
derived from one, and of clean objects not even the names. A file that is damaged, another user's, or made
with other rules is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyguard import __version__
from keyguard.scanner import cache
from keyguard.scanner.selection import Selection
from keyguard.scanner.sources import Later

_FORM = 1
_MOST_TIPS = 100_000
_MOST_UNCLEAN = 10_000
_LIMIT = 20_000_000
_KEPT = 100
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_KINDS = frozenset({"blob", "commit", "tag"})


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier scan brought.

    `tips`: everything they reach was read. `unclean`: what held findings or could not be read. `origins`:
    blob -> commit and path, for those blobs. `submodules`: there were some.
    """

    tips: frozenset[str] = frozenset()
    unclean: tuple[Later, ...] = ()
    origins: dict[str, tuple[str, str]] = field(default_factory=dict)
    submodules: bool = False


class Memory:
    """The file of one repository. `state`: whatever else findings depend on, as text without secrets."""

    def __init__(self, folder: Path, repository: Path, selection: Selection, state: str) -> None:
        chosen = (selection.max_size, selection.include.patterns, selection.exclude.patterns)
        named = repr((_FORM, __version__, _program(), os.fspath(repository), chosen, state))
        self._file = (
            folder / f"history-{hashlib.sha256(named.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.json"
        )

    def read(self) -> Known:
        """What is known; nothing if there is no file, or one that makes no sense."""
        content = cache.read(self._file, _LIMIT)
        try:
            return _known(json.loads(content)) if content else Known()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return Known()

    def write(self, known: Known) -> None:
        """Remember; forget instead if it is too much. A disk that cannot take it changes nothing."""
        with suppress(OSError):
            self._file.unlink(missing_ok=True)
        if not known.tips or len(known.tips) > _MOST_TIPS or len(known.unclean) > _MOST_UNCLEAN:
            return
        text = json.dumps(
            {
                "tips": sorted(known.tips),
                "unclean": [(entry.path, entry.size, *entry.what) for entry in known.unclean],
                "origins": known.origins,
                "submodules": known.submodules,
            }
        )
        cache.write(self._file, text.encode(), "history-*.json", _KEPT)


def _known(document: Any) -> Known:
    tips = frozenset(document["tips"])
    unclean = tuple(Later(path, size, (oid, kind)) for path, size, oid, kind in document["unclean"])
    origins = {blob: (commit, path) for blob, (commit, path) in document["origins"].items()}
    # Some become words for git: nothing but object ids may pass.
    for oid in (*tips, *(entry.what[0] for entry in unclean), *origins, *(o[0] for o in origins.values())):
        if not _OID.fullmatch(oid):
            raise ValueError("no object id")
    paths = [entry.path for entry in unclean] + [path for _, path in origins.values()]
    if not all(isinstance(path, str) for path in paths):
        raise ValueError("no path")
    if not all(type(entry.size) is int and entry.what[1] in _KINDS for entry in unclean):
        raise ValueError("no object")
    return Known(tips, unclean, origins, bool(document["submodules"]))


def _program() -> list[tuple[str, int, int]]:
    """What this program is made of: in a checkout it changes without a new version."""
    stats = ((path, path.stat()) for path in sorted(Path(__file__).parent.rglob("*.py")))
    return [(path.name, facts.st_size, facts.st_mtime_ns) for path, facts in stats]
