"""Journal on the database; replies are sealed, for one may be the only copy of a new secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError as ConstraintError

from keyguard.core.canonical import encode, format_instant, parse_instant
from keyguard.core.errors import StoreError, UsageError
from keyguard.core.exchange import Effect, Reply
from keyguard.ports.clock import Clock
from keyguard.ports.journal import Call, Pause, Workflow
from keyguard.ports.secrets import SecretStore
from keyguard.stores.database import Database
from keyguard.stores.sealing import Sealer
from keyguard.stores.tables import CALLS, PAUSES, WORKFLOWS


class SqlJournal:
    """Workflows and their calls. Inside a `write` block of the same Database, a method's change is on disk
    when that block ends, so send only afterwards."""

    def __init__(self, database: Database, secrets: SecretStore, clock: Clock) -> None:
        self._database = database
        self._sealer = Sealer(secrets, clock)

    @contextmanager
    def alone(self, key_id: str) -> Iterator[None]:
        """Hold while a workflow of this key is driven; UsageError `workflow.busy` if another does."""
        with ExitStack() as held:
            try:
                held.enter_context(self._database.alone(key_id))
            except StoreError as error:
                if error.code != "store.busy":
                    raise
                raise UsageError(
                    "another process is working on this key",
                    code="workflow.busy",
                    still="it goes on with that",
                    hint="keyguard workflow list --unfinished shows where it stands",
                ) from None
            yield

    def open(self, workflow: Workflow) -> None:
        """Begin; UsageError `workflow.open` if this key has an unfinished workflow already."""
        with self._database.write() as connection:
            unfinished = and_(WORKFLOWS.c.key_id == workflow.key_id, WORKFLOWS.c.finished.is_(False))
            other = connection.execute(select(WORKFLOWS.c.id, WORKFLOWS.c.kind).where(unfinished)).first()
            if other is not None and not workflow.finished:
                raise UsageError(
                    f"this key has an unfinished workflow already: {other.kind} {other.id}",
                    code="workflow.open",
                    still="nothing was begun",
                    hint=f"keyguard workflow resume {other.id}",
                )
            connection.execute(insert(WORKFLOWS).values(_workflow_row(workflow)))

    def advance(self, workflow: Workflow) -> None:
        """Write state, data, updated_at and finished."""
        with self._database.write() as connection:
            done = connection.execute(
                update(WORKFLOWS).where(WORKFLOWS.c.id == workflow.id).values(_workflow_row(workflow))
            )
            if not done.rowcount:
                raise _unknown(workflow.id)

    def workflow(self, workflow_id: str) -> Workflow:
        """By id or an unambiguous beginning of it; UsageError `workflow.unknown` or `.ambiguous`."""
        begins = func.substr(WORKFLOWS.c.id, 1, len(workflow_id)) == workflow_id
        with self._database.read() as connection:
            rows = connection.execute(select(WORKFLOWS).where(begins).order_by(WORKFLOWS.c.id)).all()
        exact = [row for row in rows if row.id == workflow_id]
        if not workflow_id or not rows:
            raise _unknown(workflow_id)
        if len(rows) > 1 and not exact:
            raise UsageError(
                f"several workflows begin with {workflow_id!r}: {', '.join(row.id for row in rows)}",
                code="workflow.ambiguous",
                hint="give more of the id",
            )
        return self._workflow((exact or rows)[0])

    def workflows(self, *, unfinished: bool = False) -> tuple[Workflow, ...]:
        """All, oldest first."""
        query = select(WORKFLOWS).order_by(WORKFLOWS.c.opened_at, WORKFLOWS.c.id)
        if unfinished:
            query = query.where(WORKFLOWS.c.finished.is_(False))
        with self._database.read() as connection:
            return tuple(self._workflow(row) for row in connection.execute(query))

    def intend(self, call: Call) -> None:
        """Note a call before its request leaves. Again is fine as long as it has no reply."""
        with self._database.write() as connection:
            found = connection.execute(select(CALLS).where(_is(call))).first()
            if found is not None and found.reply is not None:
                raise _answered_before(call)
            connection.execute(delete(CALLS).where(_is(call)))
            try:
                connection.execute(insert(CALLS).values(_call_row(call)))
            except ConstraintError:
                raise _unknown(call.workflow_id) from None

    def answered(self, call: Call) -> None:
        """Seal its reply into the journal. A reply that is there already is never replaced."""
        if call.reply is None:
            raise ValueError("an answered call has a reply")
        sealed = self._sealer.seal(_reply_bytes(call.reply), _context(call))
        with self._database.write() as connection:
            found = connection.execute(select(CALLS).where(_is(call))).first()
            if found is not None and found.reply is not None:
                raise _answered_before(call)
            if found is None:  # never lose a reply, whatever was forgotten before it
                connection.execute(insert(CALLS).values(_call_row(call)))
            connection.execute(update(CALLS).where(_is(call)).values(reply=sealed))

    def calls(self, workflow_id: str, operation: str) -> tuple[Call, ...]:
        """The calls of one operation, in order, replies opened. IntegrityError if one does not open."""
        query = select(CALLS).where(_of(workflow_id, operation)).order_by(CALLS.c.seq)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(self._call(row) for row in rows)

    def forget_calls(self, workflow_id: str, operation: str) -> None:
        """Remove an operation's calls; their bytes leave the file and the write-ahead log."""
        with self._database.write(scrub=True) as connection:
            connection.execute(delete(CALLS).where(_of(workflow_id, operation)))

    def pause(self, workflow_id: str, pause: Pause) -> None:
        """Keep a workflow (or EVERYTHING) from being driven until `unpause`; the first pause stays."""
        row = {
            "workflow_id": workflow_id,
            "since": format_instant(pause.since),
            "by": pause.by,
            "reason": pause.reason,
        }
        with self._database.write() as connection:
            same = select(PAUSES.c.workflow_id).where(PAUSES.c.workflow_id == workflow_id)
            if connection.execute(same).first() is None:
                connection.execute(insert(PAUSES).values(row))

    def unpause(self, workflow_id: str) -> None:
        """Let it be driven again; fine where it was not paused."""
        with self._database.write() as connection:
            connection.execute(delete(PAUSES).where(PAUSES.c.workflow_id == workflow_id))

    def pauses(self) -> Mapping[str, Pause]:
        """All pauses, by workflow id or EVERYTHING."""
        with self._database.read() as connection:
            rows = connection.execute(select(PAUSES)).all()
        try:
            return {row.workflow_id: Pause(parse_instant(row.since), row.by, row.reason) for row in rows}
        except (TypeError, ValueError):
            raise self._database.damaged() from None

    def _workflow(self, row: Row[Any]) -> Workflow:
        try:
            return Workflow(
                id=row.id,
                kind=row.kind,
                key_id=row.key_id,
                state=row.state,
                opened_at=parse_instant(row.opened_at),
                updated_at=parse_instant(row.updated_at),
                data=json.loads(row.data),
                finished=row.finished,
            )
        except (TypeError, ValueError):
            raise self._database.damaged() from None

    def _call(self, row: Row[Any]) -> Call:
        try:
            call = Call(row.workflow_id, row.operation, row.seq, row.method, row.path, Effect(row.effect))
        except ValueError:
            raise self._database.damaged() from None
        if row.reply is None:
            return call
        reply = _reply(self._sealer.open(row.reply, _context(call)))
        return Call(call.workflow_id, call.operation, call.seq, call.method, call.path, call.effect, reply)


def _workflow_row(workflow: Workflow) -> dict[str, Any]:
    return {
        "id": workflow.id,
        "kind": workflow.kind,
        "key_id": workflow.key_id,
        "state": workflow.state,
        "opened_at": format_instant(workflow.opened_at),
        "updated_at": format_instant(workflow.updated_at),
        "data": json.dumps(workflow.data),
        "finished": workflow.finished,
    }


def _call_row(call: Call) -> dict[str, Any]:
    return {
        "workflow_id": call.workflow_id,
        "operation": call.operation,
        "seq": call.seq,
        "method": call.method,
        "path": call.path,
        "effect": call.effect.value,
    }


def _of(workflow_id: str, operation: str) -> ColumnElement[bool]:
    return and_(CALLS.c.workflow_id == workflow_id, CALLS.c.operation == operation)


def _is(call: Call) -> ColumnElement[bool]:
    return and_(_of(call.workflow_id, call.operation), CALLS.c.seq == call.seq)


def _context(call: Call) -> bytes:
    return encode(["keyguard/journal/v1", call.workflow_id, call.operation, call.seq])


def _reply_bytes(reply: Reply) -> bytes:
    body = base64.b64encode(reply.body).decode()
    return json.dumps({"status": reply.status, "headers": dict(reply.headers), "body": body}).encode()


def _reply(data: bytes) -> Reply:
    value = json.loads(data)  # authenticated: these are the bytes of _reply_bytes
    return Reply(value["status"], value["headers"], base64.b64decode(value["body"]))


def _unknown(workflow_id: str) -> UsageError:
    return UsageError(
        f"no workflow {workflow_id!r}", code="workflow.unknown", hint="keyguard workflow list shows them"
    )


def _answered_before(call: Call) -> StoreError:
    return StoreError(
        f"call {call.seq} of {call.operation} in workflow {call.workflow_id} has its reply already",
        code="journal.answered",
        still="the first reply is kept",
        hint=f"keyguard workflow resume {call.workflow_id}",
    )
