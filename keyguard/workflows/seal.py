"""Seal the log: a new leaf of the seal log, and a signed checkpoint over it (KGA/1 §6.3).

Steps, each durable before the next begins:
1 the seal is kept with what the next one begins from, in one transaction;
2 the secret store remembers size and root of the checkpoint;
3 the checkpoint is kept, signed.
Killed in between, the next run finishes the same seal with the same bytes (Ed25519 signs alike), and nothing
is handed out before 3. So no two checkpoints of one size ever exist. A database or a store that is older than
what was signed shows in 2 and is refused; a restored backup says so itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from keyguard.core.canonical import parse_instant
from keyguard.core.chain import CHAIN_START, chain_value
from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.slots import FIRM
from keyguard.kga import checkpoints, merkle, notes
from keyguard.kga.seals import Seal, parse
from keyguard.kga.slot_table import SlotTable
from keyguard.ports.all import Ports
from keyguard.ports.audit import Entry
from keyguard.ports.seals import KeptSeal
from keyguard.workflows import log_key
from keyguard.workflows.log_key import LogKey
from keyguard.workflows.records import instant

EVERY = timedelta(hours=23)
"""KGA/1 wants one in 24 hours."""

_SECRET_BYTES = 32
_KINDS = ("key.revoke", "incident.", "signer.", "agent.enroll", "agent.retire")
_AT_ONCE = tuple(f'"type":"{kind}'.encode() for kind in _KINDS)
_TRIES, _WAIT_S = 60, 0.5


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal with its signed checkpoint and all that opens it. `leaves` are those of all seals so far,
    `streams` every stream as it stands in the seal, `note` the checkpoint over `leaves` with the witnesses'
    lines, `records` how many the whole log had."""

    log_id: str
    vkey: notes.VerifierKey
    seal: Seal
    seal_secret: bytes = field(repr=False)
    table: SlotTable = field(repr=False)
    streams: Mapping[str, merkle.Frontier]
    leaves: tuple[bytes, ...] = field(repr=False)
    note: notes.Note
    records: int

    @property
    def origin(self) -> str:
        """The log's name in its checkpoints."""
        return self.vkey.name

    @property
    def checkpoint(self) -> checkpoints.Checkpoint:
        """The head that was signed."""
        return checkpoints.parse(self.note.text)

    def proof(self) -> checkpoints.SealProof:
        """That the seal is in the log whose head was signed."""
        return checkpoints.SealProof(self.seal.no, merkle.path(self.leaves, self.seal.no), self.note)


def make_seal(ports: Ports) -> Sealed:
    """Seal the log as it is now.

    Raises IntegrityError `log.restored`, `log.behind` where a second history could be signed, `log.altered`
    where the records are not as they were written; StoreError `log.key` where another store has the key.
    """
    with _alone(ports):
        last = ports.seals.last()
        key = log_key.log_key(ports, last)
        tail = _Tail(ports, last)
        tail.read(ports.audit.entries(after=tail.records - 1))  # most of it before anybody has to wait
        tail.demand_proven()
        demand_memory(ports, key.log_id, last)
        if last is None:
            _introduce(ports, key)
        else:
            _sign(ports, key, last)  # killed after it was made: this very one, then the next
        with ports.inventory.transaction():
            tail.read(ports.audit.entries(after=tail.records - 1))
            tail.demand_proven()
            kept = _add(ports, key, tail, last)
        _sign(ports, key, kept)
        return sealed(ports, kept.no)


def seal_due(ports: Ports) -> bool:
    """Whether a seal is to be made now: the last one is nearly a day old, or something was recorded since
    that must be sealed soon (a revocation, an incident, a change of signers)."""
    last = ports.seals.last()
    if last is None or ports.clock.now() - parse(last.data).t >= EVERY:
        return True
    after = last.records - 1
    return any(next(ports.audit.entries(holding=kind, after=after), None) for kind in _AT_ONCE)


def sealed(ports: Ports, no: int | None = None) -> Sealed:
    """A seal that was signed, the newest or `no`, under the newest checkpoint; UsageError `log.unsealed`."""
    signed = ports.seals.checkpoint()
    if signed is None or (no is not None and no >= signed[0]):
        raise UsageError("this log has no such seal yet", code="log.unsealed", hint="keyguard log checkpoint")
    size, text = signed
    kept = ports.seals.seal(size - 1 if no is None else no)
    secret, streams = ports.seals.secret(kept.no), ports.seals.streams(kept.no)
    vkey = notes.verifier_key(kept.vkey)
    return Sealed(
        log_id=vkey.name.removeprefix("keyguard/"),
        vkey=vkey,
        seal=parse(kept.data),
        seal_secret=secret,
        table=_table(streams, secret),
        streams=streams,
        leaves=ports.seals.leaves()[:size],
        note=notes.parse(text + "".join(ports.seals.cosignatures(size))),
        records=kept.records,
    )


def demand_memory(ports: Ports, log: str, last: KeptSeal | None) -> None:
    """Raise IntegrityError `log.behind` unless database and secret store agree on what was signed last.

    The memory may be one ahead of the checkpoints: of the seal that stands here and was not yet signed.
    """
    remembered, newest = log_key.signed(ports, log), ports.seals.checkpoint()
    here = 0 if last is None else last.no + 1
    size, root = remembered or (0, merkle.EMPTY_ROOT.hex())
    told = 0 if newest is None else newest[0]
    tree = merkle.Frontier() if size == 0 else ports.seals.seal(size - 1).tree if size <= here else None
    if tree is None or size < told or tree.root().hex() != root:
        raise IntegrityError(
            f"the secret store remembers a checkpoint of {size} seals, the database has {told}",
            code="log.behind",
            still="nothing was signed: an old copy of one of the two would make the log contradict itself",
            hint="put both back as they were last; `keyguard log resume` where their newest is proven",
        )


class _Tail:
    """The records since a seal, taken into the streams' trees one by one."""

    def __init__(self, ports: Ports, last: KeptSeal | None) -> None:
        self.trees = {} if last is None else ports.seals.streams(last.no)
        self.grown: set[str] = set()
        first = ports.seals.first()
        self.records = first if last is None else last.records
        before = (ports.seals.chain_after(first) if first else None) or CHAIN_START
        self.chain = before if last is None else parse(last.data).chain
        self.time = None if last is None else parse(last.data).t
        self._restored: Mapping[str, Any] | None = None

    def read(self, entries: Iterator[Entry]) -> None:
        """Go on to the end; IntegrityError naming the first record that does not follow."""
        for entry in entries:
            self._take(entry)

    def demand_proven(self) -> None:
        """Raise IntegrityError `log.restored` after a restore whose checkpoints nobody has proven."""
        if self._restored is not None and "seals" not in self._restored:
            raise IntegrityError(
                "this log was restored from a backup; it may have signed more than it remembers",
                code="log.restored",
                still="nothing was signed; records are written as before",
                hint="keyguard log resume, with the newest checkpoint that anybody holds",
            )

    def later(self, now: datetime) -> datetime:
        """The time of the next seal: never before the last record or seal."""
        return now if self.time is None else max(now, self.time)

    def _take(self, entry: Entry) -> None:
        leaf = merkle.leaf_hash(entry.record)
        self.chain = chain_value(self.chain, leaf)
        record = json.loads(entry.record)
        tree = self.trees.setdefault(record["stream"], merkle.Frontier())
        if (entry.number, entry.chain, record["n"]) != (self.records, self.chain, tree.size):
            raise IntegrityError(
                f"record {entry.number} does not follow the one before it",
                code="log.altered",
                still="nothing was sealed",
                hint="keyguard log verify",
            )
        tree.push(leaf)
        self.grown.add(record["stream"])
        self.records += 1
        at = parse_instant(record["t"])
        self.time = at if self.time is None else max(at, self.time)
        if record["type"] == "log.restore":
            self._restored = record["body"]


def _add(ports: Ports, key: LogKey, tail: _Tail, last: KeptSeal | None) -> KeptSeal:
    secret = ports.clock.token(_SECRET_BYTES)
    no = 0 if last is None else last.no + 1
    at = tail.later(ports.clock.now())
    seal = Seal(no, at, tail.chain, _table(tail.trees, secret).root())
    tree = merkle.Frontier() if last is None else last.tree.copy()
    tree.push(seal.leaf())
    kept = KeptSeal(no, seal.encode(), tail.records, str(key.public), tree)
    ports.seals.add(kept, secret, {name: tail.trees[name] for name in tail.grown})
    return kept


def _sign(ports: Ports, key: LogKey, kept: KeptSeal) -> None:
    size, root = kept.no + 1, kept.tree.root()
    if ports.seals.checkpoint(size) is not None:
        return
    text = str(checkpoints.Checkpoint(key.origin, size, root))
    note = notes.Note(text, (notes.sign(text, key.public, key.private.sign),))
    log_key.remember(ports, key.log_id, size, root)
    ports.seals.sign(size, str(note))


def _table(streams: Mapping[str, merkle.Frontier], secret: bytes) -> SlotTable:
    return SlotTable({name: (tree.size, tree.root()) for name, tree in streams.items()}, secret)


def _introduce(ports: Ports, key: LogKey) -> None:
    """Say in the log which key signs for it; killed after that, not again."""
    after = ports.seals.first() - 1
    if next(ports.audit.entries(stream=FIRM, holding=b'"role":"log"', after=after), None) is not None:
        return
    body = {
        "role": "log",
        "public_key": base64.b64encode(key.public.public).decode(),
        "label": key.origin,
        "from": instant(ports.clock.now()),
    }
    ports.audit.append(FIRM, "signer.add", body)


@contextmanager
def _alone(ports: Ports) -> Iterator[None]:
    """One seal at a time, across processes: who comes second waits for the first."""
    with ExitStack() as held:
        for attempt in range(_TRIES):
            try:
                held.enter_context(ports.journal.alone("log-seal"))
                break
            except UsageError as error:
                if error.code != "workflow.busy" or attempt == _TRIES - 1:
                    raise
                ports.clock.sleep(_WAIT_S)
        yield
