"""Runs an adapter's operations: plainly, or journalled so that a crash cannot hide what was done.

A journalled operation is deterministic: fed the same replies it yields the same requests. So after a crash
it is run again from its beginning; replies in the journal are fed to it instead of being asked for again,
and it goes on with the first unanswered request (docs/decisions/0007-replay.md).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

from keyguard.core.errors import BadReply, IntegrityError, NotStored, OutcomeUnknown
from keyguard.core.exchange import Ask, Credential, Effect, Reply, Request, Step, T
from keyguard.core.secret import Secret
from keyguard.core.steps import Send, drive
from keyguard.ports.all import Ports
from keyguard.ports.journal import Call
from keyguard.workflows import credentials

CREATE = "create"
"""The journal's name for the making of a workflow's new key."""

_DRAW = Request("DRAW", "/new-passphrase")
"""Stands in the journal for a passphrase that was drawn here; it goes nowhere."""


def ask(ports: Ports, venue: str, step: Step[T], who: Credential) -> T:
    """Run an operation without effect; raises as `Gateway.send` and `drive` do."""

    send = signed(ports, venue, who)

    def send_harmless(request: Request) -> Reply:
        if request.effect is not Effect.NONE:
            raise IntegrityError(
                f"an operation that only asks wants to change something: {request.method} {request.path}",
                code="adapter.effect",
            )
        return send(request)

    return drive(step, send_harmless, ports.person.answer)


def signed(ports: Ports, venue: str, who: Credential) -> Send:
    """Return what sends requests to the venue, signed with this credential."""
    return lambda request: ports.gateway.send(venue, request, who)


@dataclass(frozen=True, slots=True)
class Journalled:
    """One operation of one workflow, as the journal knows it, at one venue."""

    ports: Ports
    workflow_id: str
    operation: str
    venue: str = ""

    def calls(self) -> tuple[Call, ...]:
        """What the journal holds of it."""
        return self.ports.journal.calls(self.workflow_id, self.operation)

    def forget(self) -> None:
        """Remove it from the journal: it is settled, or will be begun anew."""
        self.ports.journal.forget_calls(self.workflow_id, self.operation)

    def perform(self, step: Step[T], send: Send) -> T:
        """Run the operation to its end, each request noted before it leaves, each reply sealed at once.

        The caller has settled effects of unknown outcome: an unanswered request is sent again. Raises as
        `ask` does, but an answer that cannot be read after an effect is OutcomeUnknown: it stays sealed
        in the journal, because it may hold the only copy of a new secret.
        """
        return self._run(step, send)

    def replay(self, step: Step[T]) -> T:
        """Return the operation's value from journalled replies alone; IntegrityError if one is missing."""
        return self._run(step, None)

    def _run(self, step: Step[T], send: Send | None) -> T:
        past = self.calls()
        position = 0

        def send_noted(request: Request) -> Reply:
            return noted(request, send)

        def noted(request: Request, send: Send | None) -> Reply:
            nonlocal position
            call = past[position] if position < len(past) else None
            seq, position = position, position + 1
            if call is None:
                call = Call(
                    self.workflow_id, self.operation, seq, request.method, request.path, request.effect
                )
                if send is not None:
                    self.ports.journal.intend(call)
            elif (call.method, call.path, call.effect) != (request.method, request.path, request.effect):
                raise IntegrityError(
                    f"the journal does not match the operation at {call.method} {call.path}",
                    code="journal.mismatch",
                    hint="resume with the version of keyguard that began the workflow, or cancel it",
                )
            if call.reply is not None:
                return call.reply
            if send is None:
                raise _incomplete()
            reply = send(request)
            self.ports.journal.answered(replace(call, reply=reply))
            return reply

        def answer(question: Ask) -> str:
            # A one-time code whose request was answered already is not needed again, so nobody is asked.
            if question.kind == "new_passphrase":
                # Journalled like a reply, so that running the operation again draws no other.
                return noted(_DRAW, send and (lambda _: self._drawn())).body.decode()
            if position < len(past) and past[position].reply is not None:
                return "000000"
            if send is None:
                raise _incomplete()
            if question.kind == "passphrase" and (known := self._passphrase(question.key)) is not None:
                return known.reveal()
            return self.ports.person.answer(question)

        try:
            return drive(step, send_noted, answer)
        except BadReply as error:
            if not any(call.effect is not Effect.NONE for call in self.calls()):
                raise
            raise OutcomeUnknown(
                error.message,
                code="exchange.bad_reply",
                still="the venue's answer is sealed in the journal, nothing of it is lost",
                hint=error.hint,
            ) from None

    def _drawn(self) -> Reply:
        """27 characters of the three kinds that venues want, 96 bits of them by chance."""
        return Reply(200, {}, b"Kg1" + self.ports.clock.token(12).hex().encode())

    def _passphrase(self, public_id: str) -> Secret | None:
        """That of a key of ours, or of the one this workflow was making when it lost it; None if unknown."""
        version = self.ports.inventory.version_by_public_id(self.venue, public_id)
        if version is not None:
            with contextlib.suppress(NotStored):
                return credentials.load(self.ports, version).passphrase
        drawn = [
            call.reply
            for call in self.ports.journal.calls(self.workflow_id, CREATE)
            if call.path == _DRAW.path and call.reply is not None
        ]
        return Secret(drawn[-1].body.decode()) if version is None and drawn else None


def _incomplete() -> IntegrityError:
    return IntegrityError("the journal misses a reply", code="journal.incomplete")
