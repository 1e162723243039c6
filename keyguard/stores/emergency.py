"""What a panic writes where the database takes nothing: one file of JSON lines beside it, merged in later.

Each line is flushed before its effect, as in the database, and holds no secret: replies of venues are noted
without their bodies. The parts below stand in for the database's where they write, and read through it.

    {"at": …, "record": {"stream": …, "type": …, "body": …, "private": …}}
    {"at": …, "workflow": {"id": …, "kind": …, "key_id": …, "state": …, …}}
    {"at": …, "call": {"workflow": …, "operation": …, "seq": …, "method": …, "path": …, "status": …}}
    {"at": …, "status": {"version": …, "status": …}}
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyguard.core import canonical, record_types
from keyguard.core.errors import IntegrityError, NotStored, StoreError, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.core.slots import FIRM
from keyguard.ports.audit import Entry
from keyguard.ports.journal import Call, Pause, Workflow
from keyguard.stores.private_file import read_private, translated

if TYPE_CHECKING:
    from keyguard.core.chain import Walk
    from keyguard.core.keys import KeyVersion
    from keyguard.core.secret import Secret
    from keyguard.ports.all import Ports
    from keyguard.ports.audit import AuditLog, Draft, Verified
    from keyguard.ports.clock import Clock
    from keyguard.ports.gateway import NonceSource
    from keyguard.ports.inventory import Inventory
    from keyguard.ports.journal import Journal, Pause
    from keyguard.ports.secrets import SecretStore

MOST_BYTES = 64 * 1024 * 1024


class EmergencyFile:
    """Appends lines, each on disk when `append` returns; for several threads. Mode 0600."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._writing = threading.Lock()

    def append(self, kind: str, content: Mapping[str, Any]) -> None:
        """Write one line; StoreError where this cannot be written either."""
        line = json.dumps({"at": canonical.format_instant(self._clock.now()), kind: content})
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        with self._writing, translated(self.path):
            handle = os.open(self.path, flags, 0o600)
            try:
                os.write(handle, line.encode() + b"\n")
                os.fsync(handle)
            finally:
                os.close(handle)


class EmergencyLog:
    """AuditLog: records go to the file; what is read is the database's."""

    def __init__(self, log: AuditLog, file: EmergencyFile) -> None:
        self._log = log
        self._file = file

    def append(
        self, stream: str, type_: str, body: Mapping[str, Any], *, private: Mapping[str, Any] | None = None
    ) -> Entry:
        """Write one record to the file. It has no number and no chain value until it is merged."""
        try:
            record_types.check_body(stream, type_, body)
        except ValueError as error:
            raise UsageError(f"the log cannot take this {type_} record: {error}", code="log.record") from None
        content = {"stream": stream, "type": type_, "body": dict(body)}
        self._file.append("record", content | ({} if private is None else {"private": dict(private)}))
        return Entry(-1, b"", b"")

    def append_all(self, drafts: Sequence[Draft]) -> tuple[Entry | UsageError, ...]:
        """Write many records."""
        answers: list[Entry | UsageError] = []
        for draft in drafts:
            try:
                answers.append(self.append(draft.stream, draft.type, draft.body, private=draft.private))
            except UsageError as error:
                answers.append(error)
        return tuple(answers)

    def entries(self, *, stream: str | None = None, holding: bytes = b"", after: int = -1) -> Iterator[Entry]:
        """The database's."""
        return self._log.entries(stream=stream, holding=holding, after=after)

    def length(self) -> int:
        """The database's."""
        return self._log.length()

    def private_part(self, number: int) -> tuple[bytes, bytes] | None:
        """The database's."""
        return self._log.private_part(number)

    def private_parts(self, *, holding: bytes) -> Iterator[tuple[int, bytes]]:
        """The database's."""
        return self._log.private_parts(holding=holding)

    def forget_private(self, numbers: Sequence[int]) -> None:
        """The database's, which takes nothing now and says so."""
        self._log.forget_private(numbers)

    def verify(self, walk: Walk | None = None) -> Verified:
        """The database's."""
        return self._log.verify(walk)


class EmergencyJournal:
    """Journal: workflows and calls of this process, noted in the file; those before are the database's."""

    def __init__(self, journal: Journal, file: EmergencyFile) -> None:
        self._journal = journal
        self._file = file
        self._workflows: dict[str, Workflow] = {}
        self._calls: dict[tuple[str, str], dict[int, Call]] = {}

    @contextlib.contextmanager
    def alone(self, key_id: str) -> Iterator[None]:
        """Where its lock cannot be made, nobody else can write either."""
        with contextlib.ExitStack() as held:
            with contextlib.suppress(StoreError):
                held.enter_context(self._journal.alone(key_id))
            yield

    def open(self, workflow: Workflow) -> None:
        """Begin."""
        if any(one.key_id == workflow.key_id for one in self.workflows(unfinished=True)):
            raise UsageError("this key has an unfinished workflow", code="workflow.open")
        self.advance(workflow)

    def advance(self, workflow: Workflow) -> None:
        """Note where it stands."""
        self._file.append("workflow", _workflow_line(workflow))
        self._workflows[workflow.id] = workflow

    def workflow(self, workflow_id: str) -> Workflow:
        """By id; of those in the database by the beginning of it, too."""
        return self._workflows.get(workflow_id) or self._journal.workflow(workflow_id)

    def workflows(self, *, unfinished: bool = False) -> tuple[Workflow, ...]:
        """All, oldest first."""
        before = {one.id: one for one in self._journal.workflows()}
        every = sorted((before | self._workflows).values(), key=lambda one: (one.opened_at, one.id))
        return tuple(one for one in every if not (unfinished and one.finished))

    def pause(self, workflow_id: str, pause: Pause) -> None:
        """In the database, where it can be written."""
        self._journal.pause(workflow_id, pause)

    def unpause(self, workflow_id: str) -> None:
        """In the database, where it can be written."""
        self._journal.unpause(workflow_id)

    def pauses(self) -> Mapping[str, Pause]:
        """The database's."""
        return self._journal.pauses()

    def intend(self, call: Call) -> None:
        """Note a call before it leaves."""
        self._note(call)

    def answered(self, call: Call) -> None:
        """Note that it was answered."""
        self._note(call)

    def calls(self, workflow_id: str, operation: str) -> tuple[Call, ...]:
        """Those of this process, else the database's."""
        own = self._calls.get((workflow_id, operation))
        return tuple(own[seq] for seq in sorted(own)) if own else self._journal.calls(workflow_id, operation)

    def forget_calls(self, workflow_id: str, operation: str) -> None:
        """Forget those of this process."""
        self._calls.pop((workflow_id, operation), None)

    def _note(self, call: Call) -> None:
        line = {"workflow": call.workflow_id, "operation": call.operation, "seq": call.seq}
        line |= {"method": call.method, "path": call.path, "effect": call.effect.value}
        self._file.append("call", line | {"status": call.reply.status if call.reply else None})
        self._calls.setdefault((call.workflow_id, call.operation), {})[call.seq] = call


class EmergencyInventory:
    """Inventory: what is, as the database says, but for the statuses that changed since."""

    def __init__(self, inventory: Inventory, file: EmergencyFile) -> None:
        self._inventory = inventory
        self._file = file
        self._status: dict[str, VersionStatus] = {}

    def __getattr__(self, name: str) -> Any:
        """All that only reads, or that no panic asks for, is the database's."""
        return getattr(self._inventory, name)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Each line stands by itself."""
        yield

    def observe(self, observation: Any) -> None:
        """Not kept: the next look asks again."""

    def set_status(self, version_id: str, status: VersionStatus) -> None:
        """Note it."""
        self._file.append("status", {"version": version_id, "status": status.value})
        self._status[version_id] = status

    def versions(self, key_id: str) -> tuple[KeyVersion, ...]:
        """With the statuses as they are now."""
        return tuple(self._now(version) for version in self._inventory.versions(key_id))

    def live_version(self, key_id: str) -> KeyVersion:
        """UsageError `key.no_live_version` for a key that was retired since, too."""
        version = self._now(self._inventory.live_version(key_id))
        if version.status is not VersionStatus.LIVE:
            raise UsageError("the key has no live version", code="key.no_live_version")
        return version

    def _now(self, version: KeyVersion) -> KeyVersion:
        return replace(version, status=self._status.get(version.id, version.status))


class EmergencySecrets:
    """SecretStore: reads; the secret of a key that died is deleted when the file is merged."""

    def __init__(self, secrets: SecretStore) -> None:
        self._secrets = secrets
        self.kind = secrets.kind

    def get(self, name: str) -> Secret:
        """As stored."""
        return self._secrets.get(name)

    def put(self, name: str, secret: Secret) -> None:
        """StoreError: nothing new is kept in an emergency."""
        raise StoreError(
            "no secret is stored while only the emergency file is written", code="store.read_only"
        )

    def delete(self, name: str) -> None:
        """Later."""

    def names(self) -> Any:
        """As stored."""
        return self._secrets.names()


class EmergencyNonces:
    """NonceSource: the database's, and in memory where that cannot be written. The floor is the time in ms,
    so counters grow beyond those on disk."""

    def __init__(self, nonces: NonceSource) -> None:
        self._nonces = nonces
        self._last: dict[str, int] = {}
        self._drawing = threading.Lock()

    def next(self, scope: str, floor: int) -> int:
        """Greater than any before."""
        with contextlib.suppress(StoreError):
            return self._nonces.next(scope, floor)
        with self._drawing:
            drawn = max(self._last.get(scope, 0) + 1, floor)
            self._last[scope] = drawn
            return drawn


def ports_on(ports: Ports, file: EmergencyFile) -> Ports:
    """The same ports, writing to the file alone."""
    return replace(
        ports,
        secrets=EmergencySecrets(ports.secrets),
        inventory=EmergencyInventory(ports.inventory, file),
        journal=EmergencyJournal(ports.journal, file),
        audit=EmergencyLog(ports.audit, file),
    )


def merge(ports: Ports, path: Path) -> int:
    """Bring a file into the database in one transaction, then put it aside; returns the number of records.

    Each record says in `late` when it was written; `log.late` before them names the file by its SHA-256, so
    that one that was merged by a process that died then is not merged twice. Raises StoreError as long as
    the database takes nothing, IntegrityError for a file that is not ours or was changed.
    """
    content = read_private(path, MOST_BYTES)
    lines = _lines(path, content)
    digest = hashlib.sha256(content).hexdigest()
    records = [line for line in lines if "record" in line]
    dead: list[str] = []
    with ports.inventory.transaction():
        if not any(digest.encode() in entry.record for entry in ports.audit.entries(stream=FIRM)):
            ports.audit.append(FIRM, "log.late", {"records": len(records), "sha256": digest})
            dead = _bring_in(ports, lines)
    for version_id in dead:
        _forget(ports, version_id)
    with translated(path):
        path.rename(path.with_name(f"{path.name}.merged-{digest[:16]}"))
    return len(records)


def _bring_in(ports: Ports, lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write it all; returns the versions that died."""
    known = {workflow.id for workflow in ports.journal.workflows()}
    status: dict[str, VersionStatus] = {}
    for line in lines:
        match line:
            case {"record": record}:
                body = record["body"] | {"late": line["at"]}
                ports.audit.append(record["stream"], record["type"], body, private=record.get("private"))
            case {"workflow": written}:
                workflow = _workflow(written)
                (ports.journal.advance if workflow.id in known else ports.journal.open)(workflow)
                known.add(workflow.id)
            case {"status": changed}:
                status[changed["version"]] = VersionStatus(changed["status"])
            case _:
                pass  # calls tell what was sent; nothing is to be done about them
    for version_id, now in status.items():
        ports.inventory.set_status(version_id, now)
    return [version_id for version_id, now in status.items() if now is VersionStatus.DEAD]


def _forget(ports: Ports, version_id: str) -> None:
    version = ports.inventory.versions_by_id([version_id]).get(version_id)
    if version is not None:
        with contextlib.suppress(NotStored):
            ports.secrets.delete(version.item)


def _lines(path: Path, content: bytes) -> list[Mapping[str, Any]]:
    """Its lines; one that was cut off at the end was never answered for, and is left out."""
    whole = content[: content.rfind(b"\n") + 1].splitlines()
    try:
        lines = [json.loads(line) for line in whole]
        for line in lines:
            canonical.parse_instant(line["at"])
    except (ValueError, TypeError, LookupError):
        raise IntegrityError(f"{path} is not an emergency file of keyguard", code="log.emergency") from None
    return lines


def _workflow_line(workflow: Workflow) -> dict[str, Any]:
    at = {name: canonical.format_instant(getattr(workflow, name)) for name in ("opened_at", "updated_at")}
    return asdict(workflow) | at


def _workflow(line: Mapping[str, Any]) -> Workflow:
    at: dict[str, datetime] = {n: canonical.parse_instant(line[n]) for n in ("opened_at", "updated_at")}
    return Workflow(**{**line, **at})
