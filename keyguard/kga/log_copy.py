"""The whole of one log as another home of the firm takes it in: a file, and what holds in it. Pure.

A container (KGA/1 §3) with one log in the form an auditor gets: every stream from its first record on, what
is private in them, and the secret of the slots. Nothing in it is believed: seal and checkpoint are checked
under the log's key, each record under the seal, each private part under its record.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from keyguard.core.record import parse
from keyguard.core.slots import FIRM, slot
from keyguard.kga import bundle, container, merkle, notes
from keyguard.kga.bundle import LogPart, StreamPart
from keyguard.kga.derive.lines import Line
from keyguard.kga.notes import VerifierKey
from keyguard.kga.slot_table import SlotTable
from keyguard.kga.verdict import Failed, Malformed
from keyguard.kga.verify.walk import Opened, Sealed, open_stream, seal_of


@dataclass(frozen=True, slots=True)
class LogCopy:
    """One log, proven."""

    key: VerifierKey
    role: str
    part: LogPart = field(repr=False)
    sealed: Sealed = field(repr=False)
    table: SlotTable = field(repr=False)
    streams: Mapping[str, Opened] = field(repr=False)

    @property
    def log_id(self) -> str:
        """The log's id."""
        return self.part.log_id

    def shown(self, streams: Mapping[str, str], *, seals_from: int = 0) -> LogPart:
        """What a venue's bundle shows of it: `streams` by folder, each from its first record on, since this
        log holds no snapshots; seals since the previous attestation's checkpoint."""
        shown = {folder: self._stream(name) for folder, name in streams.items()}
        return replace(self.whole(seals_from=seals_from), streams=shown, seal_secret=None)

    def whole(self, *, seals_from: int = 0) -> LogPart:
        """What an auditor's bundle shows of it."""
        leaves = self.part.seal_leaves
        before = merkle.frontier(leaves[:seals_from])
        return replace(
            self.part,
            seals_from=seals_from,
            seals_frontier=before.hashes,
            seal_leaves=leaves[seals_from:],
        )

    def lines(self, stream: str) -> tuple[Line, ...]:
        """The records of one stream that are disclosed; none where it was never used."""
        return self.streams[stream].lines if stream in self.streams else ()

    def withheld(self, stream: str) -> tuple[str, ...]:
        """Why records of one stream are withheld, one reason for each."""
        return self.streams[stream].withheld if stream in self.streams else ()

    def _stream(self, name: str) -> StreamPart:
        if name in self.part.streams:
            return replace(self.part.streams[name], private=())
        opened = self.table.slots[slot(name)]
        return StreamPart(opened.encode(), self.table.path(opened.number), 0, (), ())


def pack(part: LogPart) -> bytes:
    """The file. `part` has every stream by its own name, with what is private, and the seal's secret."""
    return container.pack(part.entries())


def unpack(data: bytes, key: VerifierKey | None = None) -> LogCopy:
    """Read it under this key, else under the one the log itself names, which somebody has to compare.

    Malformed for what is no such file, Failed where something in it does not hold.
    """
    entries = container.unpack(data)
    logs = bundle.logs_of(entries)
    if len(logs) != 1 or any(not name.startswith("logs/") for name in entries):
        raise Malformed("not a copy of one log")
    (part,) = logs
    if part.seal_secret is None or part.seals_from or FIRM not in part.streams:
        raise Malformed("not a copy of a whole log")
    key = key or _named(part)
    sealed = seal_of(part, key)
    streams = {name: open_stream(sealed, one, _slotted(name)) for name, one in part.streams.items()}
    if any(one.start for one in streams.values()):
        raise Failed("a stream is not shown from its first record on")
    table = SlotTable({name: (one.size, one.root) for name, one in streams.items()}, part.seal_secret)
    if table.root() != sealed.seal.table:
        raise Failed("a stream is not shown: the slots do not lead to the seal's table")
    origin = sealed.checkpoint.origin
    role = _role(streams[FIRM], part.log_id, origin)
    return LogCopy(key, role, part, sealed, table, streams)


def continues(before: LogCopy, after: LogCopy) -> bool:
    """Whether the newer one only added: seals to the seals, records to the records of each stream."""
    if after.sealed.seals_root_at(before.sealed.checkpoint.size) != before.sealed.checkpoint.root:
        return False
    return all(
        name in after.streams and after.streams[name].root_at(one.size) == one.root
        for name, one in before.streams.items()
    )


def _named(part: LogPart) -> VerifierKey:
    """The key that the log says signs for it (`signer.add` of its first seal)."""
    origin = f"keyguard/{part.log_id}"
    for line in part.streams[FIRM].lines:
        if b'"type":"signer.add"' not in line or bundle.withheld(line) is not None:
            continue
        with suppress(ValueError, KeyError, TypeError):
            body = parse(line).body
            if (body["role"], body["label"]) == ("log", origin):
                return VerifierKey(origin, notes.ED25519, base64.b64decode(body["public_key"], validate=True))
    raise Malformed("the log does not name its key")


def _slotted(name: str) -> str:
    try:
        slot(name)
    except ValueError as error:
        raise Malformed(str(error)) from None
    return name


def _role(firm: Opened, log_id: str, origin: str) -> str:
    first = next(iter(firm.lines), None)
    if first is None or (first.record.n, first.record.type) != (0, "log.genesis"):
        raise Failed("the log does not begin with its genesis")
    body = first.record.body
    if (body["log_id"], body["origin"]) != (log_id, origin):
        raise Failed("the log is by its genesis another")
    return str(body["role"])
