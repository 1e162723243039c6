"""Seals on the database. Each keeps what the next one begins from, so none reads the log a second time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Row, delete, func, insert, select

from keyguard.core.chain import CHAIN_START, leaf_hash
from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.record import parse
from keyguard.kga.merkle import HASH_SIZE, Frontier
from keyguard.ports.clock import Clock
from keyguard.ports.seals import KeptSeal
from keyguard.ports.secrets import SecretStore
from keyguard.stores.database import Database
from keyguard.stores.sealing import Sealer
from keyguard.stores.tables import ANCHORS, CHECKPOINTS, LOGS, PRIVATE, PRUNED, RECORDS, SEAL_STREAMS, SEALS

_COSIGNATURE, _TIMESTAMP = "cosignature", "rfc3161"


class SqlSeals:
    """Seals, checkpoints and anchors; the database itself refuses to change or delete them."""

    def __init__(self, database: Database, secrets: SecretStore, clock: Clock) -> None:
        self._database = database
        self._sealer = Sealer(secrets, clock)

    def first(self) -> int:
        """The number of the record with which the present log begins."""
        with self._database.read() as connection:
            return _first(connection)

    def last(self) -> KeptSeal | None:
        """The newest seal; None before the first."""
        with self._database.read() as connection:
            query = select(SEALS).where(SEALS.c.log == _first(connection))
            row = connection.execute(query.order_by(SEALS.c.no.desc()).limit(1)).first()
        return None if row is None else self._kept(row)

    def seal(self, no: int) -> KeptSeal:
        """One seal; UsageError `seal.unknown`."""
        return self._kept(self._row(no))

    def add(self, seal: KeptSeal, secret: bytes, grown: Mapping[str, Frontier]) -> None:
        """Keep a seal, its secret and the streams that grew; IntegrityError unless it is the next one."""
        with self._database.write() as connection:
            log = _first(connection)
            if connection.scalar(select(func.count()).where(SEALS.c.log == log)) != seal.no:
                raise IntegrityError(
                    f"seal {seal.no} is not the next one", code="seal.place", still="nothing was sealed"
                )
            row = {
                "log": log,
                "no": seal.no,
                "seal": seal.data,
                "records": seal.records,
                "vkey": seal.vkey,
                "tree": _joined(seal.tree),
                "secret": self._sealer.seal(secret, _context(log, seal.no)),
            }
            connection.execute(insert(SEALS).values(row))
            rows = [
                {"log": log, "stream": name, "no": seal.no, "size": tree.size, "tree": _joined(tree)}
                for name, tree in grown.items()
            ]
            if rows:
                connection.execute(insert(SEAL_STREAMS), rows)

    def secret(self, no: int) -> bytes:
        """The secret from which a seal's salts were made."""
        row = self._row(no)
        return self._sealer.open(row.secret, _context(row.log, no))

    def streams(self, no: int) -> dict[str, Frontier]:
        """Every stream with a record, as it stood at this seal."""
        with self._database.read() as connection:
            mine = SEAL_STREAMS.c.log == _first(connection)
            newest = (
                select(SEAL_STREAMS.c.stream, func.max(SEAL_STREAMS.c.no).label("no"))
                .where(mine, SEAL_STREAMS.c.no <= no)
                .group_by(SEAL_STREAMS.c.stream)
                .subquery()
            )
            same = (SEAL_STREAMS.c.stream == newest.c.stream) & (SEAL_STREAMS.c.no == newest.c.no)
            rows = connection.execute(select(SEAL_STREAMS).join(newest, same).where(mine)).all()
        return {row.stream: self._tree(row.size, row.tree) for row in rows}

    def chain_after(self, records: int) -> bytes | None:
        """The log's chain value after so many records; None where it has fewer."""
        with self._database.read() as connection:
            for table in (RECORDS, PRUNED):
                chain = connection.scalar(select(table.c.chain).where(table.c.number == records - 1))
                if chain is not None:
                    return bytes(chain)
        return None if records else CHAIN_START

    def leaves(self, start: int = 0) -> tuple[bytes, ...]:
        """The leaf hashes of all seals from `start` on."""
        with self._database.read() as connection:
            mine = SEALS.c.log == _first(connection)
            query = select(SEALS.c.seal).where(mine, SEALS.c.no >= start).order_by(SEALS.c.no)
            return tuple(leaf_hash(data) for data in connection.scalars(query))

    def sign(self, size: int, note: str) -> None:
        """Keep the signed checkpoint of a size; IntegrityError where another one of it was kept."""
        with self._database.write() as connection:
            log = _first(connection)
            here = (CHECKPOINTS.c.log == log) & (CHECKPOINTS.c.size == size)
            kept = connection.scalar(select(CHECKPOINTS.c.note).where(here))
            if kept is None:
                connection.execute(insert(CHECKPOINTS).values(log=log, size=size, note=note))
            elif kept != note:
                raise IntegrityError(
                    f"another checkpoint of {size} seals was signed",
                    code="checkpoint.forked",
                    still="that one stands; none was signed now",
                )

    def checkpoint(self, size: int | None = None) -> tuple[int, str] | None:
        """Size and note of the newest checkpoint, or of the one of exactly this size."""
        query = select(CHECKPOINTS.c.size, CHECKPOINTS.c.note).order_by(CHECKPOINTS.c.size.desc()).limit(1)
        if size is not None:
            query = query.where(CHECKPOINTS.c.size == size)
        with self._database.read() as connection:
            row = connection.execute(query.where(CHECKPOINTS.c.log == _first(connection))).first()
        return None if row is None else (row.size, row.note)

    def cosign(self, size: int, line: str) -> None:
        """Keep a witness's signature line over a checkpoint; the same again is fine."""
        self._anchor(size, _COSIGNATURE, line.encode())

    def cosignatures(self, size: int) -> tuple[str, ...]:
        """The witnesses' lines over a checkpoint, in the order they came."""
        return tuple(line.decode() for line in self._anchors(size, _COSIGNATURE))

    def stamp(self, size: int, reply: bytes) -> None:
        """Keep an RFC 3161 reply over a checkpoint's three lines; the same again is fine."""
        self._anchor(size, _TIMESTAMP, reply)

    def stamps(self, size: int) -> tuple[bytes, ...]:
        """The replies over a checkpoint, in the order they came."""
        return self._anchors(size, _TIMESTAMP)

    def prune(self, numbers: tuple[int, ...]) -> int:
        """Delete these records and their private parts, keeping what proofs need; how many went."""
        with self._database.write(scrub=True) as connection:
            if numbers and max(numbers) >= self._signed(connection):
                raise IntegrityError(
                    f"record {max(numbers)} is covered by no signed checkpoint",
                    code="prune.unsealed",
                    still="nothing was deleted",
                    hint="keyguard log checkpoint",
                )
            return sum(_prune_one(connection, number) for number in numbers)

    def pruned(self, stream: str) -> dict[int, bytes]:
        """Leaf hashes of a stream's pruned records, by `n`."""
        with self._database.read() as connection:
            mine = PRUNED.c.number >= _first(connection)
            query = select(PRUNED.c.n, PRUNED.c.leaf).where(mine, PRUNED.c.stream == stream)
            return {row.n: row.leaf for row in connection.execute(query)}

    def _signed(self, connection: Connection) -> int:
        """How many records the newest signed checkpoint covers."""
        log = _first(connection)
        size = connection.scalar(select(func.max(CHECKPOINTS.c.size)).where(CHECKPOINTS.c.log == log))
        if size is None:
            return 0
        here = (SEALS.c.log == log) & (SEALS.c.no == size - 1)
        return int(connection.scalar(select(SEALS.c.records).where(here)) or 0)

    def _anchor(self, size: int, kind: str, anchor: bytes) -> None:
        with self._database.write() as connection:
            if anchor not in _anchors(connection, size, kind):
                row = {"log": _first(connection), "size": size, "kind": kind, "anchor": anchor}
                connection.execute(insert(ANCHORS).values(row))

    def _anchors(self, size: int, kind: str) -> tuple[bytes, ...]:
        with self._database.read() as connection:
            return tuple(_anchors(connection, size, kind))

    def _row(self, no: int) -> Row[tuple[object, ...]]:
        with self._database.read() as connection:
            here = (SEALS.c.log == _first(connection)) & (SEALS.c.no == no)
            row = connection.execute(select(SEALS).where(here)).first()
        if row is None:
            raise UsageError(f"there is no seal {no}", code="seal.unknown")
        return row

    def _kept(self, row: Row[tuple[object, ...]]) -> KeptSeal:
        return KeptSeal(row.no, row.seal, row.records, row.vkey, self._tree(row.no + 1, row.tree))

    def _tree(self, size: int, joined: bytes) -> Frontier:
        try:
            return Frontier(size, [joined[at : at + HASH_SIZE] for at in range(0, len(joined), HASH_SIZE)])
        except ValueError:
            raise self._database.damaged() from None


def _prune_one(connection: Connection, number: int) -> int:
    row = connection.execute(select(RECORDS).where(RECORDS.c.number == number)).first()
    if row is None:
        return 0
    record = parse(row.record)
    kept = {"number": number, "stream": record.stream, "n": record.n, "chain": row.chain}
    connection.execute(insert(PRUNED).values(**kept, leaf=leaf_hash(row.record)))
    connection.execute(delete(PRIVATE).where(PRIVATE.c.number == number))
    connection.execute(delete(RECORDS).where(RECORDS.c.number == number))
    return 1


def _anchors(connection: Connection, size: int, kind: str) -> Sequence[bytes]:
    here = (ANCHORS.c.log == _first(connection)) & (ANCHORS.c.size == size)
    chosen = here & (ANCHORS.c.kind == kind)
    return connection.scalars(select(ANCHORS.c.anchor).where(chosen).order_by(ANCHORS.c.id)).all()


def _joined(tree: Frontier) -> bytes:
    return b"".join(tree.hashes)


def _first(connection: Connection) -> int:
    """What tells the present log's rows from those of the logs before it."""
    return connection.scalar(select(func.max(LOGS.c.first))) or 0


def _context(log: int, no: int) -> bytes:
    return b"seal %d of log %d" % (no, log)
