"""Shares the contents of a source out to several processes, and puts together what they found.

Sources list what there is; the process that scans a content reads it. What comes out is the same, in the
same order, however many processes took part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding
from keyguard.scanner.sources import Later, Listed, Note, Supply, Unread
from keyguard.scanner.work import Work

ENOUGH = 4_000_000
"""Bytes below which more processes cost more than they save."""
_BATCH, _LONGEST = 1_000_000, 4_000_000
_ENTRIES = 200
_KILLED = "the process that scanned it was ended, perhaps for want of memory"

Read = Callable[[Later], Iterable[Supply]]
"""How a source reads what it listed."""
_Row = tuple[Any, ...]


class Gathered:
    """What a source brought, each content's findings by themselves. `unclean`: what was listed and
    brought a finding, accepted or not, or could not be read."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.unread: list[Unread] = []
        self.notes: dict[str, None] = {}
        self.unclean: list[Later] = []

    def row(self) -> _Row:
        """Its four collections."""
        return self.findings, self.unread, self.notes, self.unclean

    @staticmethod
    def of(row: _Row) -> Gathered:
        """What `row` gave."""
        made = Gathered()
        made.findings, made.unread, made.notes, made.unclean = row
        return made

    def add(self, other: Gathered) -> None:
        """Append what another one holds."""
        self.findings += other.findings
        self.unread += other.unread
        self.notes.update(other.notes)
        self.unclean += other.unclean


Gather = Callable[[Engine, Iterable[Supply]], Gathered]
"""How contents become findings."""


Ahead = Callable[[list[Later]], None]
"""How a source is told what it will be asked to read next."""


def share(
    engine: Engine,
    listed: Iterable[Listed],
    read: Read,
    gather: Gather,
    jobs: int,
    ahead: Ahead | None = None,
) -> Gathered:
    """Read and scan what is listed, in `jobs` processes; 0: one, or as many as there are cores if that
    is worth it."""
    gathered = Gathered()
    batches = _batches(listed)
    first: list[list[Listed]] = []
    size = 0
    while jobs == 0 and size < ENOUGH and (batch := next(batches, None)):
        first.append(batch)
        size += sum(entry.size for entry in batch if isinstance(entry, Later))
    batches = chain(first, batches)
    if jobs == 1 or (jobs == 0 and size < ENOUGH):
        for batch in batches:
            gathered.add(_scanned(engine, batch, read, gather, ahead))
        return gathered
    from keyguard.scanner import transfer, workers  # noqa: PLC0415 - most scans are small

    engine.prepare()

    def work(task: list[_Row]) -> Any:
        engine.work = Work()
        return transfer.pack((_scanned(engine, _entries(task), read, gather, ahead).row(), engine.work.row()))

    def lost(task: list[_Row]) -> Any:
        return transfer.pack((_unread(_entries(task)).row(), Work().row()))

    total = engine.work
    tasks = ([_row(entry) for entry in batch] for batch in batches)
    for answer in workers.spread(tasks, work, lost, jobs or workers.cores()):
        part, done = transfer.unpack(answer)
        gathered.add(Gathered.of(part))
        total.add(Work.of(done))
    engine.work = total
    return gathered


def _scanned(
    engine: Engine, batch: list[Listed], read: Read, gather: Gather, ahead: Ahead | None
) -> Gathered:
    gathered = Gathered()
    if ahead:
        ahead([entry for entry in batch if isinstance(entry, Later)])
    for entry in batch:
        if isinstance(entry, Later):
            accepted = engine.work.allowed
            part = gather(engine, read(entry))
            if part.findings or part.unread or engine.work.allowed > accepted:
                part.unclean.append(entry)
        else:
            part = gather(engine, [entry])
        gathered.add(part)
    return gathered


def _unread(batch: list[Listed]) -> Gathered:
    """What is left of a batch whose process was killed."""
    gathered = Gathered()
    for entry in batch:
        match entry:
            case Later():
                gathered.unread.append(Unread(entry.path or entry.what[0], _KILLED))
                gathered.unclean.append(entry)
            case Unread():
                gathered.unread.append(entry)
            case Note():
                gathered.notes[entry.text] = None
    return gathered


def _batches(listed: Iterable[Listed]) -> Iterator[list[Listed]]:
    batch: list[Listed] = []
    size = 0
    path = ""
    for entry in listed:
        if isinstance(entry, Later):
            # Versions of one file stay together: git unpacks one from another.
            if size >= _BATCH and (entry.path != path or size >= _LONGEST):
                yield batch
                batch, size = [], 0
            path, size = entry.path, size + entry.size
        batch.append(entry)
        if len(batch) >= _ENTRIES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _row(entry: Listed) -> _Row:
    """What is listed as plain values, which tell by their number what they are."""
    match entry:
        case Later():
            return (entry.path, entry.size, entry.what)
        case Unread():
            return (entry.path, entry.reason)
        case Note():
            return (entry.text,)


def _entries(task: list[_Row]) -> list[Listed]:
    kinds = (Note, Unread, Later)
    return [kinds[len(row) - 1](*row) for row in task]
