"""Uses on the database: two tables that hold nothing but what follows from the audit log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from keyguard.core.use_history import Egress, History, Memory, Seen
from keyguard.core.use_rules import Rule
from keyguard.ports.uses import Logged
from keyguard.stores.database import Database
from keyguard.stores.tables import HEAD, PRIVATE, RECORDS, USE_HISTORY, USE_PROGRESS, VERSIONS

_HANDOUT = b'"type":"handout"'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_AT_ONCE = 500
_REMEMBERED = 1_000
"""Keys whose histories are kept decoded: a hand-out reads what the one before it wrote."""
_MEMORIES = ("persons", "hosts", "executables", "contents", "parties", "addresses", "organisations")
_LATER = ("addresses", "organisations")
"""A history that was written before these were remembered does not have them."""


_BEHIND = select(HEAD.c.records - 1 - func.coalesce(select(USE_PROGRESS.c.number).scalar_subquery(), -1))


class SqlUses:
    """See Uses."""

    def __init__(
        self, database: Database, rules: tuple[Rule, ...], egress: Mapping[str, Egress] | None = None
    ) -> None:
        self._database = database
        self._rules = rules
        self._egress = egress or {}
        self._known: dict[str, tuple[str, History]] = {}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What this home's configuration chose."""
        return self._rules

    @property
    def egress(self) -> Mapping[str, Egress]:
        """Host -> from where it calls venues, as this home's configuration declares."""
        return self._egress

    def behind(self) -> int:
        """How many records of the log the histories have not taken in."""
        with self._database.read() as connection:
            return connection.scalar(_BEHIND) or 0

    def taken_in(self) -> int:
        """The number of the last record that the histories have taken in; -1 for none."""
        with self._database.read() as connection:
            return _progress(connection)

    def logged(self, after: int, most: int) -> tuple[int, Sequence[Logged]]:
        """Look at `most` records after this one; the number of the last, and the hand-outs."""
        find = func.pg_catalog.position if self._database.on_server else func.instr
        with self._database.read() as connection:
            last = max(after, min(after + most, _records(connection) - 1))
            query = (
                select(RECORDS.c.record, PRIVATE.c.private)
                .outerjoin_from(RECORDS, PRIVATE, RECORDS.c.number == PRIVATE.c.number)
                .where(
                    RECORDS.c.number > after, RECORDS.c.number <= last, find(RECORDS.c.record, _HANDOUT) > 0
                )
                .order_by(RECORDS.c.number)
            )
            return last, [Logged(row.record, row.private) for row in connection.execute(query)]

    def key_ids(self, fingerprints: Sequence[str]) -> Mapping[str, str]:
        """Fingerprint of a version -> id of its key."""
        found: dict[str, str] = {}
        with self._database.read() as connection:
            for part in _parts(fingerprints):
                query = select(VERSIONS.c.fingerprint, VERSIONS.c.key_id).where(
                    VERSIONS.c.fingerprint.in_(part)
                )
                found |= {row.fingerprint: row.key_id for row in connection.execute(query)}
        return found

    def histories(self, key_ids: Sequence[str]) -> Mapping[str, History]:
        """Key id -> its history."""
        found: dict[str, History] = {}
        with self._database.read() as connection:
            for part in _parts(key_ids):
                query = select(USE_HISTORY).where(USE_HISTORY.c.key_id.in_(part))
                found |= {row.key_id: self._decoded(*row) for row in connection.execute(query)}
        return found

    def take_in(self, histories: Mapping[str, History], number: int) -> None:
        """Replace these histories, which have now taken in the record of this number."""
        texts = {id_: _encode(history) for id_, history in histories.items()}
        rows = [{"key_id": id_, "history": text} for id_, text in texts.items()]
        with self._database.write() as connection:
            for part in _parts(list(histories)):
                connection.execute(delete(USE_HISTORY).where(USE_HISTORY.c.key_id.in_(part)))
            if rows:
                connection.execute(insert(USE_HISTORY), rows)
            if not connection.execute(update(USE_PROGRESS).values(number=number)).rowcount:
                connection.execute(insert(USE_PROGRESS).values(only=1, number=number))
        for id_, text in texts.items():
            self._remember(id_, text, histories[id_])

    def forget(self) -> None:
        """Drop all histories; they are made again from the log."""
        with self._database.write() as connection:
            connection.execute(delete(USE_HISTORY))
            connection.execute(delete(USE_PROGRESS))

    def _decoded(self, key_id: str, text: str) -> History:
        known = self._known.get(key_id)
        if known is not None and known[0] == text:
            return known[1]
        try:
            history = _decode(text)
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
            raise self._database.damaged() from None
        self._remember(key_id, text, history)
        return history

    def _remember(self, key_id: str, text: str, history: History) -> None:
        """By its text, so that what another process or a rolled back transaction wrote is never mistaken."""
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key_id] = text, history


def _records(connection: Connection) -> int:
    return connection.scalar(select(HEAD.c.records)) or 0


def _progress(connection: Connection) -> int:
    found = connection.scalar(select(USE_PROGRESS.c.number))
    return -1 if found is None else found


def _parts(values: Sequence[str]) -> list[Sequence[str]]:
    """A statement takes so many parameters and no more."""
    return [values[i : i + _AT_ONCE] for i in range(0, len(values), _AT_ONCE)]


def _encode(history: History) -> str:
    memories = {name: _plain(getattr(history, name)) for name in _MEMORIES}
    first = None if history.first is None else _number(history.first)
    plain = {"first": first, "recent": [_number(at) for at in history.recent], **memories}
    return json.dumps(plain, separators=(",", ":"))


def _plain(memory: Memory) -> list[tuple[str, int, str]]:
    """As a list: what was seen last stands last."""
    return [(name, _number(seen.at), seen.shown) for name, seen in memory.items()]


def _decode(text: str) -> History:
    plain: dict[str, Any] = json.loads(text)
    for name in _LATER:
        plain.setdefault(name, [])
    memories = {name: _memory(plain.pop(name)) for name in _MEMORIES}
    first = plain.pop("first")
    recent = tuple(_instant(number) for number in plain.pop("recent"))
    if plain:
        raise ValueError("unknown member")
    return History(None if first is None else _instant(first), recent, **memories)


def _memory(plain: list[tuple[str, int, str]]) -> Memory:
    return {name: Seen(_instant(number), shown) for name, number, shown in plain}


def _number(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def _instant(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
