"""Which objects of a repository an earlier scan need not have read again, and what is remembered of this one.

A scan with a memory must bring what one without brings. So the memory is used only while all that it
speaks of can still be reached, is not used for shallow clones (what their commits reach may grow), and
keeps nothing of a walk on which something was missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from keyguard.scanner.memory import Known, Memory
from keyguard.scanner.selection import Selection
from keyguard.scanner.sharing import Gathered
from keyguard.scanner.sources import Later, Listed
from keyguard.scanner.sources.commits import origins
from keyguard.scanner.sources.git import GitFailed, Repository
from keyguard.scanner.sources.history import (
    SUBMODULES,
    History,
    is_reached,
    staged_only,
    tips_of,
)

NOTE = "what an earlier scan has read with the same rules was not read again (--fresh reads everything)"


class Recall:
    """The memory of one repository during one scan. `cache` None: there is none."""

    def __init__(self, repository: Repository, cache: Path | None, selection: Selection, state: str) -> None:
        self.known = Known()
        self._repository = repository
        self._memory: Memory | None = None
        if cache is None or repository.shallow:
            return
        try:
            self._tips = tips_of(repository)
        except GitFailed:  # the walk will tell of it
            return
        self._memory = Memory(cache, repository.common_folder.resolve(), selection, state)
        known = self._memory.read()
        if known.tips and is_reached(repository, known.tips - self._tips, self._tips):
            self.known = known

    def listing(self, history: History) -> Iterator[Listed]:
        """What is to be read: what is new, and what was not clean."""
        again = {entry.what[0] for entry in self.known.unclean}
        new = (e for e in history.listing() if not (isinstance(e, Later) and e.what[0] in again))
        noted = [SUBMODULES] if self.known.submodules else []
        return chain(noted, new, self.known.unclean)

    def keep(
        self, gathered: Gathered, history: History, origin: dict[str, tuple[str, str]], selection: Selection
    ) -> None:
        """Remember what was read, or forget everything if that is not certain."""
        if self._memory is None:
            return
        if history.whole and self.known.tips == self._tips and self.known.unclean == tuple(gathered.unclean):
            return  # nothing came, nothing went: what is remembered stays true
        try:
            # What came or went meanwhile may not have been read.
            tips = self._tips & tips_of(self._repository) if history.whole else frozenset()
            unclean = self._lasting(gathered.unclean, tips, origin, history, selection)
        except GitFailed:
            tips, unclean = frozenset(), ()
        blobs = {entry.what[0] for entry in unclean}
        # One whose every path was excluded may have another by the next time.
        kept = {blob: at for blob, at in origin.items() if blob in blobs and all(at)}
        self._memory.write(Known(tips, unclean, kept, SUBMODULES.text in gathered.notes))

    def _lasting(
        self,
        unclean: list[Later],
        tips: frozenset[str],
        origin: dict[str, tuple[str, str]],
        history: History,
        selection: Selection,
    ) -> tuple[Later, ...]:
        """Those that commits and tags have. What only an index has comes and goes without a trace in
        `tips`, and is listed each time."""
        staged = (
            staged_only(self._repository, tips, history.tips.decode().split()) if unclean and tips else set()
        )
        doubtful = {e.what[0] for e in unclean if e.what[0] in staged and e.what[0] not in origin}
        found = origins(self._repository, doubtful, history.tips, selection)
        return tuple(e for e in unclean if e.what[0] not in doubtful or e.what[0] in found)
