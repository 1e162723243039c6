"""Cancel all open orders of the accounts whose keys are about to die: the one call that touches trading.

For panics alone, and there only where a person asked for it. What is cancelled is an account's: orders that
other keys or people placed go too. It is done with a key that is about to die, once; what came of it is
recorded and said, and never keeps a key alive for longer than the bound given.

1. The record of what is about to be cancelled stands before the first call.
2. The accounts of a venue are worked through beside each other, in threads that the bound can leave behind.
3. A key without the right is followed by the next; an outcome nobody knows is not tried again.
"""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from keyguard.core.errors import (
    BadReply,
    KeyguardError,
    NotOffered,
    OutcomeUnknown,
    Refused,
    Unreachable,
    UsageError,
)
from keyguard.core.exchange import Effect, Reply, Request
from keyguard.core.keys import Environment, Key, KeyKind, KeyVersion, Scope
from keyguard.core.steps import drive
from keyguard.ports.all import Ports
from keyguard.workflows import credentials
from keyguard.workflows.identity import Names
from keyguard.workflows.lanes import OF_ONE_VENUE
from keyguard.workflows.operations import signed

BOUND_S = 3.0
"""So long at most all cancellations of a venue keep its revocations waiting."""


@dataclass(slots=True)
class Holder:
    """A key that may cancel; `scopes` None where nobody knows them. `account`: "" where that is not known."""

    key: Key
    version: KeyVersion
    scopes: Scope | None
    account: str


@dataclass(slots=True)
class Cancellation:
    """An account's open orders, and what became of them.

    `by`: the keys of the account that may cancel, in the order they are tried; `used` the one that was.
    `done`: the venue said so; `orders` how many, None where it does not tell. `leaves`: what stays open by
    the venue's own word. `error`: why they are not cancelled, as far as is known.
    """

    venue: str
    environment: Environment
    account: str
    by: tuple[Holder, ...]
    leaves: str = ""
    used: Holder | None = None
    done: bool = False
    orders: int | None = None
    error: KeyguardError | None = None


def plan(ports: Ports, venue: str, holders: Sequence[Holder]) -> tuple[Cancellation, ...]:
    """One for each account in which these keys may have orders open; keys known not to trade have none.

    Where the venue has no one call that cancels all, each says so, for a person to do it.
    """
    adapter = ports.gateway.adapter(venue)
    cancels = adapter.facts.cancels if adapter.cancel_all is not None else None
    together: defaultdict[tuple[Environment, str], list[Holder]] = defaultdict(list)
    for one in holders:
        if one.key.kind is not KeyKind.OAUTH and _may(one, cancels.scopes if cancels else _TRADE):
            together[one.key.environment, one.account or one.key.id].append(one)
    found = []
    for (environment, _), by in together.items():
        by.sort(key=lambda one: one.scopes is None)  # known to have the right first
        found.append(Cancellation(venue, environment, by[0].account, tuple(by)))
    for planned in found:
        if cancels is None:
            planned.error = NotOffered(
                f"{adapter.facts.name} has no one call that cancels all open orders",
                code="orders.not_offered",
                still="its open orders stand",
                hint=f"cancel them on the venue's page: {ports.gateway.page(venue, adapter.facts.key_page)}",
            )
        else:
            planned.leaves = cancels.leaves
    return tuple(found)


_TRADE = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES


def _may(one: Holder, scopes: Scope) -> bool:
    return one.scopes is None or bool(one.scopes & scopes)


def announce(
    ports: Ports, planned: Sequence[Cancellation], names: Names, *, reason: str, person: str
) -> None:
    """Record what is about to be cancelled; StoreError where that cannot be written."""
    for one in planned:
        if one.error is None:
            body = {
                "keys": [names.key(holder.version.public_id) for holder in one.by],
                "account": one.account,
                "reason": reason,
                "by": names.person(person),
            }
            ports.audit.append(one.venue, "orders.cancel", body)


def cancel(ports: Ports, planned: Sequence[Cancellation], names: Names, *, bound_s: float = BOUND_S) -> None:
    """Cancel what was announced at one venue; returns when that is done, or after the bound.

    What came of it stands in each and is recorded. Raises StoreError where that cannot be written.
    """
    due = [one for one in planned if one.error is None]
    if not due:
        return
    attempts = [_Attempt(ports, one) for one in due]
    _work_through(attempts, bound_s)
    for one, attempt in zip(due, attempts, strict=True):
        one.used, one.done, one.orders, one.error = attempt.outcome(bound_s)
    for one in due:
        _record(ports, one, names)
        ports.person.tell(*words(one))


def words(one: Cancellation) -> tuple[str, str]:
    """What became of it, for a person: the fact, and the detail."""
    where = f"account {one.account}" if one.account else f"the account of {one.by[0].key.name}"
    if not one.done:
        return f"open orders of {where} are not known to be cancelled", one.error.message if one.error else ""
    told = "all open orders" if one.orders is None else f"{one.orders} open orders"
    return f"{told} of {where} are cancelled", f"may be left: {one.leaves}" if one.leaves else ""


def _work_through(attempts: Sequence[_Attempt], bound_s: float) -> None:
    waiting: SimpleQueue[_Attempt] = SimpleQueue()
    for attempt in attempts:
        waiting.put(attempt)

    def work() -> None:
        with contextlib.suppress(Empty):
            while True:
                waiting.get_nowait().run()

    # Daemon threads: one that hangs in a call keeps neither the revocations nor the process's end waiting.
    workers = [
        threading.Thread(target=work, name="cancel", daemon=True)
        for _ in range(min(OF_ONE_VENUE, len(attempts)))
    ]

    def run_all() -> None:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    whole = threading.Thread(target=run_all, name="cancel all", daemon=True)
    whole.start()
    whole.join(bound_s)
    for attempt in attempts:
        attempt.leave()


class _Attempt:
    """One account's cancellation in a thread of its own; it touches no store but that of the secrets."""

    def __init__(self, ports: Ports, one: Cancellation) -> None:
        self._ports = ports
        self._one = one
        self._lock = threading.Lock()
        self._left = False
        self._sent = False
        self._used: Holder | None = None
        self._done = False
        self._orders: int | None = None
        self._error: KeyguardError | None = None

    def run(self) -> None:
        """Try the keys in turn until one was allowed, or the outcome is open."""
        for holder in self._one.by:
            try:
                self._settle(holder, self._cancel(holder), None)
                return
            except _Left:
                return
            except (Refused, UsageError) as error:
                self._settle(holder, None, error)
            except KeyguardError as error:
                self._settle(holder, None, error)
                return

    def leave(self) -> None:
        """From here on nothing is sent any more, and what comes back is not heard."""
        with self._lock:
            self._left = True

    def outcome(self, bound_s: float) -> tuple[Holder | None, bool, int | None, KeyguardError | None]:
        """The key used, whether it is done, how many orders, why not; after `leave`."""
        if self._done or self._error is not None:
            return self._used, self._done, self._orders, self._error
        if self._sent:
            error: KeyguardError = OutcomeUnknown(
                f"no answer within {bound_s:g} s", code="orders.unknown", hint="look at the open orders"
            )
        else:
            error = Unreachable(f"not sent within {bound_s:g} s", code="orders.not_sent")
        return self._used, False, None, error

    def _cancel(self, holder: Holder) -> int | None:
        adapter = self._ports.gateway.adapter(holder.key.venue)
        assert adapter.cancel_all is not None  # else it was not planned
        send = signed(self._ports, holder.key.venue, credentials.load(self._ports, holder.version))

        def send_in_time(request: Request) -> Reply:
            if request.effect not in (Effect.NONE, Effect.ORDERS_CANCELLED):
                raise UsageError("a cancellation wants to change something else", code="adapter.effect")
            with self._lock:
                if self._left:
                    raise _Left
                self._used, self._sent, self._error = holder, True, None
            return send(request)

        return drive(adapter.cancel_all(), send_in_time)

    def _settle(self, holder: Holder, orders: int | None, error: KeyguardError | None) -> None:
        with self._lock:
            if not self._left:
                self._used, self._orders, self._error, self._done = holder, orders, error, error is None


class _Left(Exception):
    """The bound is over."""


def _record(ports: Ports, one: Cancellation, names: Names) -> None:
    used = one.used or one.by[0]
    body: dict[str, object] = {"key": names.key(used.version.public_id), "result": _result(one)}
    if one.orders is not None:
        body["orders"] = one.orders
    if one.error is not None:
        body["code"] = one.error.code
    ports.audit.append(one.venue, "orders.cancel_result", body)


def _result(one: Cancellation) -> str:
    if one.error is None:
        return "cancelled"
    if isinstance(one.error, OutcomeUnknown | BadReply):
        return "unknown"
    return "refused" if isinstance(one.error, Refused) else "failed"
