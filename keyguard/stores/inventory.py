"""Inventory on the database. Holds no secret: a version names its item in the secret store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from keyguard.core.canonical import format_instant, parse_instant
from keyguard.core.errors import UsageError
from keyguard.core.keys import (
    Environment,
    Key,
    KeyKind,
    KeyVersion,
    VersionStatus,
    parse_scopes,
    scope_names,
)
from keyguard.ports.inventory import Lease, Observation
from keyguard.stores.database import Database
from keyguard.stores.reports import decode_report, encode_report
from keyguard.stores.tables import KEYS, LEASES, OBSERVATIONS, VERSIONS

_LIVE = VersionStatus.LIVE.value
_KINDS = {kind.value: kind for kind in KeyKind}
_ENVIRONMENTS = {environment.value: environment for environment in Environment}
_STATUSES = {status.value: status for status in VersionStatus}
_AT_ONCE = 500
"""Ids in one query: SQLite takes a limited number of parameters, and with more it is cheaper to read all."""


class SqlInventory:
    """Keys, versions, observations and leases."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Join the calls inside to one transaction, those of journal and audit log on the same Database
        included: all of them stand on disk afterwards, or none."""
        with self._database.write():
            yield

    def add_key(self, key: Key, version: KeyVersion) -> None:
        """Add a key with its first version; UsageError if the name or the public id is taken."""
        with self._database.write() as connection:
            _refuse_taken_name(connection, key)
            _refuse_taken_public_id(connection, key.venue, version)
            connection.execute(insert(KEYS).values(_key_row(key)))
            connection.execute(insert(VERSIONS).values(_version_row(version)))

    def update_key(self, key: Key) -> None:
        """Replace the declared facts of a key; UsageError if it is unknown or its name is taken."""
        with self._database.write() as connection:
            _refuse_taken_name(connection, key)
            if not connection.execute(update(KEYS).where(KEYS.c.id == key.id).values(_key_row(key))).rowcount:
                raise _unknown_key(key.id)

    def remove_key(self, key_id: str) -> None:
        """Forget a key, its versions, observations and leases."""
        with self._database.write() as connection:
            connection.execute(delete(KEYS).where(KEYS.c.id == key_id))

    def keys(self) -> tuple[Key, ...]:
        """All keys, sorted by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(KEYS).order_by(KEYS.c.name)).all()
        return tuple(self._key(row) for row in rows)

    def find_key(self, name: str) -> Key:
        """By id, name or any unambiguous part of the name: neighbouring path pieces, or their beginnings
        where no whole piece matches. UsageError `key.unknown` or `key.ambiguous`, which lists the matches.
        """
        # By id or name there is at most one of each, and with thousands of keys reading all of them shows.
        exact = select(KEYS).where(or_(KEYS.c.id == name, KEYS.c.name == name))
        with self._database.read() as connection:
            rows = connection.execute(exact).all()
        if len(rows) == 1:
            return self._key(rows[0])
        found = _matching(self.keys(), name)
        if not found:
            raise _unknown_key(name)
        if len(found) > 1:
            raise UsageError(
                f"{name!r} matches {len(found)} keys: {', '.join(key.name for key in found)}",
                code="key.ambiguous",
                hint="give more of the name, or the id",
            )
        return found[0]

    def versions(self, key_id: str) -> tuple[KeyVersion, ...]:
        """All versions of a key, oldest first."""
        query = select(VERSIONS).where(VERSIONS.c.key_id == key_id).order_by(VERSIONS.c.number)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(self._version(row) for row in rows)

    def version_ids(self) -> frozenset[str]:
        """The ids of all versions of all keys."""
        with self._database.read() as connection:
            return frozenset(connection.execute(select(VERSIONS.c.id)).scalars())

    def live_version(self, key_id: str) -> KeyVersion:
        """The version a hand-out gives; UsageError `key.no_live_version` if there is none."""
        live = [version for version in self.versions(key_id) if version.status is VersionStatus.LIVE]
        if not live:
            raise UsageError(
                f"key {key_id} has no live version",
                code="key.no_live_version",
                hint="keyguard key show tells the state of its versions",
            )
        return live[0]

    def version_by_public_id(self, venue: str, public_id: str) -> KeyVersion | None:
        """The version with this access key id, dead or alive; the newest where a reset kept the id."""
        query = (
            select(VERSIONS)
            .join(KEYS)
            .where(KEYS.c.venue == venue, VERSIONS.c.public_id == public_id)
            .order_by(VERSIONS.c.number.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else self._version(row)

    def add_version(self, version: KeyVersion) -> None:
        """Add a version to an existing key; adding the same again is fine and keeps its status."""
        with self._database.write() as connection:
            present = connection.execute(select(VERSIONS).where(VERSIONS.c.id == version.id)).first()
            wanted = _version_row(version)
            if present is not None and {**present._mapping, "status": ""} == {**wanted, "status": ""}:
                return
            if present is not None:
                raise UsageError(f"another version is stored as {version.id}", code="key.known_version")
            venue = connection.scalar(select(KEYS.c.venue).where(KEYS.c.id == version.key_id))
            if venue is None:
                raise _unknown_key(version.key_id)
            _refuse_taken_public_id(connection, venue, version)
            connection.execute(insert(VERSIONS).values(wanted))

    def switch(self, key_id: str, version_id: str) -> None:
        """Make the version LIVE and the one that was live RETIRED, at once. Repeating is fine."""
        of_key = VERSIONS.c.key_id == key_id
        with self._database.write() as connection:
            connection.execute(
                update(VERSIONS)
                .where(of_key, VERSIONS.c.status == _LIVE, VERSIONS.c.id != version_id)
                .values(status=VersionStatus.RETIRED.value)
            )
            target = update(VERSIONS).where(of_key, VERSIONS.c.id == version_id).values(status=_LIVE)
            if not connection.execute(target).rowcount:
                raise _unknown_version(version_id)

    def set_status(self, version_id: str, status: VersionStatus) -> None:
        """Set the status of a version. To make one live where another is, `switch`."""
        change = update(VERSIONS).where(VERSIONS.c.id == version_id).values(status=status.value)
        with self._database.write() as connection:
            if not connection.execute(change).rowcount:
                raise _unknown_version(version_id)

    def observe(self, observation: Observation) -> None:
        """Keep what a venue said."""
        row = {
            "version_id": observation.version_id,
            "at": format_instant(observation.at),
            "report": encode_report(observation.report),
        }
        with self._database.write() as connection:
            connection.execute(insert(OBSERVATIONS).values(row))

    def last_observation(self, version_id: str) -> Observation | None:
        """The newest observation of a version."""
        query = (
            select(OBSERVATIONS)
            .where(OBSERVATIONS.c.version_id == version_id)
            .order_by(OBSERVATIONS.c.at.desc(), OBSERVATIONS.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        with self._readable():
            return Observation(row.version_id, parse_instant(row.at), decode_report(row.report))

    def last_observations(self, version_ids: Sequence[str]) -> Mapping[str, Observation]:
        """The newest observation of each of these versions; one without is left out."""
        latest = select(OBSERVATIONS.c.version_id, func.max(OBSERVATIONS.c.at).label("at"))
        newest = _among(latest, OBSERVATIONS.c.version_id, version_ids)
        newest_at = newest.group_by(OBSERVATIONS.c.version_id).subquery()
        same = (OBSERVATIONS.c.version_id == newest_at.c.version_id) & (OBSERVATIONS.c.at == newest_at.c.at)
        query = select(OBSERVATIONS).join(newest_at, same).order_by(OBSERVATIONS.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        wanted = set(version_ids)
        with self._readable():
            return {
                version_id: Observation(version_id, parse_instant(at), decode_report(report))
                for _, version_id, at, report in rows
                if version_id in wanted
            }

    def add_lease(self, lease: Lease) -> None:
        """Note a hand-out."""
        self.add_leases([lease])

    def add_leases(self, leases: Sequence[Lease]) -> None:
        """Note many hand-outs at once."""
        if leases:
            with self._database.write() as connection:
                connection.execute(insert(LEASES), [_lease_row(lease) for lease in leases])

    def end_lease(self, lease_id: str, at: datetime) -> None:
        """Note that the process ended; the first end counts."""
        self.end_leases([lease_id], at)

    def end_leases(self, lease_ids: Sequence[str], at: datetime) -> None:
        """Note that many ended; of each the first end counts."""
        if not lease_ids:
            return
        change = (
            update(LEASES)
            .where(LEASES.c.id == bindparam("which"), LEASES.c.ended_at.is_(None))
            .values(ended_at=format_instant(at))
        )
        with self._database.write() as connection:
            connection.execute(change, [{"which": lease_id} for lease_id in lease_ids])

    def running_leases(self) -> tuple[Lease, ...]:
        """Leases without an end, of all versions, oldest first."""
        return self._open()

    def live_versions(self, key_ids: Sequence[str]) -> Mapping[str, KeyVersion]:
        """Key id -> the version a hand-out gives; a key without one is left out."""
        live = _among(select(VERSIONS).where(VERSIONS.c.status == _LIVE), VERSIONS.c.key_id, key_ids)
        wanted = set(key_ids)
        return {version.key_id: version for version in self._versions(live) if version.key_id in wanted}

    def versions_by_id(self, version_ids: Sequence[str]) -> Mapping[str, KeyVersion]:
        """Those of these versions that exist."""
        wanted = set(version_ids)
        found = self._versions(_among(select(VERSIONS), VERSIONS.c.id, version_ids))
        return {version.id: version for version in found if version.id in wanted}

    def stamp(self) -> int:
        """A number that is another one after anything was committed, by whomever."""
        return self._database.stamp()

    def open_leases(self, version_id: str) -> tuple[Lease, ...]:
        """Leases without an end, oldest first."""
        return self._open(LEASES.c.version_id == version_id)

    def _open(self, *which: ColumnElement[bool]) -> tuple[Lease, ...]:
        query = select(LEASES).where(LEASES.c.ended_at.is_(None), *which).order_by(LEASES.c.at, LEASES.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(self._lease(row) for row in rows)

    def _versions(self, query: Select[Any]) -> Iterator[KeyVersion]:
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return map(self._version, rows)

    # Thousands of rows are read at once: no context manager and no call of an enum for each.

    def _key(self, row: Sequence[Any]) -> Key:
        id_, _, venue, desk, label, kind, environment, owner, account, purpose, needs = row
        try:
            return Key(
                id=id_,
                venue=venue,
                desk=desk,
                label=label,
                kind=_KINDS[kind],
                environment=_ENVIRONMENTS[environment],
                owner=owner,
                account=account,
                purpose=purpose,
                needs=parse_scopes(needs.split()),
            )
        except (AttributeError, LookupError, TypeError, ValueError):
            raise self._database.damaged() from None

    def _version(self, row: Sequence[Any]) -> KeyVersion:
        id_, key_id, number, public_id, fingerprint, status, created_at, venue_ref = row
        try:
            return KeyVersion(
                id=id_,
                key_id=key_id,
                number=number,
                public_id=public_id,
                fingerprint=fingerprint,
                status=_STATUSES[status],
                created_at=parse_instant(created_at),
                venue_ref=venue_ref,
            )
        except (LookupError, TypeError, ValueError):
            raise self._database.damaged() from None

    def _lease(self, row: Row[Any]) -> Lease:
        with self._readable():
            return Lease(
                id=row.id,
                version_id=row.version_id,
                pid=row.pid,
                started=row.started,
                command=row.command,
                at=parse_instant(row.at),
                person=row.person,
                grant_id=row.grant_id,
                host=row.host,
            )

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (TypeError, ValueError):
            raise self._database.damaged() from None


def _among(query: Select[Any], column: ColumnElement[str], ids: Sequence[str]) -> Select[Any]:
    """The query for these ids; for all where they are many: whoever asks picks out theirs."""
    return query if len(ids) > _AT_ONCE else query.where(column.in_(list(ids)))


def _matching(keys: Sequence[Key], wanted: str) -> list[Key]:
    """The keys of the first way of matching that finds any: id, name, whole pieces, beginnings."""
    pieces = wanted.split("/")
    if not all(pieces):
        return []
    tests = (
        lambda key: key.id == wanted,
        lambda key: key.name == wanted,
        lambda key: _has_pieces(key.name.split("/"), pieces, str.__eq__),
        lambda key: _has_pieces(key.name.split("/"), pieces, str.startswith),
    )
    return next((found for test in tests if (found := [key for key in keys if test(key)])), [])


def _has_pieces(name: list[str], wanted: list[str], fits: Any) -> bool:
    starts = range(len(name) - len(wanted) + 1)
    return any(all(map(fits, name[start:], wanted)) for start in starts)


def _key_row(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "venue": key.venue,
        "desk": key.desk,
        "label": key.label,
        "kind": key.kind.value,
        "environment": key.environment.value,
        "owner": key.owner,
        "account": key.account,
        "purpose": key.purpose,
        "needs": " ".join(scope_names(key.needs)),
    }


def _version_row(version: KeyVersion) -> dict[str, Any]:
    return {
        "id": version.id,
        "key_id": version.key_id,
        "number": version.number,
        "public_id": version.public_id,
        "fingerprint": version.fingerprint,
        "status": version.status.value,
        "created_at": format_instant(version.created_at),
        "venue_ref": version.venue_ref,
    }


def _lease_row(lease: Lease) -> dict[str, Any]:
    return {
        "id": lease.id,
        "version_id": lease.version_id,
        "pid": lease.pid,
        "started": lease.started,
        "command": lease.command,
        "at": format_instant(lease.at),
        "ended_at": None if lease.ended_at is None else format_instant(lease.ended_at),
        "person": lease.person,
        "grant_id": lease.grant_id,
        "host": lease.host,
    }


def _refuse_taken_name(connection: Connection, key: Key) -> None:
    other = select(KEYS.c.id).where(KEYS.c.name == key.name, KEYS.c.id != key.id)
    if connection.scalar(other) is not None:
        raise UsageError(
            f"there is a key {key.name} already",
            code="key.name_taken",
            still="nothing was changed",
            hint="choose another label",
        )


def _refuse_taken_public_id(connection: Connection, venue: str, version: KeyVersion) -> None:
    """Versions of one key may share it: a reset gives the same public id a new secret."""
    other = (
        select(KEYS.c.name)
        .join(VERSIONS)
        .where(KEYS.c.venue == venue, VERSIONS.c.public_id == version.public_id, KEYS.c.id != version.key_id)
    )
    name = connection.scalar(other)
    if name is not None:
        raise UsageError(
            f"this access key id is registered already, as {name}",
            code="key.known",
            still="nothing was added",
            hint=f"keyguard key show {name}",
        )


def _unknown_key(name: str) -> UsageError:
    return UsageError(f"no key {name!r}", code="key.unknown", hint="keyguard key list shows all keys")


def _unknown_version(version_id: str) -> UsageError:
    return UsageError(f"no version {version_id!r} of this key", code="key.unknown_version")
