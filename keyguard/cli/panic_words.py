"""What a panic says: its stop-watch while it runs, and at the end what is dead, what is not, what to do."""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING

from keyguard.cli.views import instant
from keyguard.core.keys import scope_names
from keyguard.workflows.cancel_orders import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyguard.cli.output import Output
    from keyguard.ports.all import Ports
    from keyguard.workflows.cancel_orders import Cancellation
    from keyguard.workflows.panic import Outcome, Target


class StopWatch:
    """An output whose lines begin with the seconds since the first; for several threads."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._begun = monotonic()
        self._talking = threading.Lock()

    def restart(self) -> None:
        """Count from now."""
        self._begun = monotonic()

    def talk(self, text: str) -> None:
        """Say a line with its time."""
        with self._talking:
            self._out.talk(f"{monotonic() - self._begun:6.1f} s  {text}")


def tell_plan(out: Output, ports: Ports, chosen: Sequence[Target], planned: Sequence[Cancellation]) -> None:
    """What would be ended, worst first, and whose open orders would be cancelled."""
    if out.json:
        keys = [_document(one, ports) for one in chosen]
        out.document({"done": False, "keys": keys, "orders": [_orders(one) for one in planned]})
        return
    rows = [(one.key.name, _can(one), _way(one, ports)) for one in chosen]
    out.table(("key", "can", "ended"), rows)
    for one in planned:
        which = f"all open orders at {one.venue} of {_account(one)}"
        out.data(f"{which} stand: {one.error.message}" if one.error else f"{which} would be cancelled first")
    out.data(f"{len(chosen)} keys would be ended; nothing was changed")
    out.talk("keyguard: hint: add --yes to end them")


def tell_outcome(out: Output, ports: Ports, outcome: Outcome, *, rehearsed: bool = False) -> None:
    """The three lists, and how long it took. `rehearsed`: at stand-ins, which are gone then."""
    if out.json:
        out.document(
            {
                "done": not rehearsed,
                "rehearsed": rehearsed,
                "begun_at": instant(outcome.begun_at),
                "handouts_ended_at": instant(outcome.frozen_at),
                "keys": [_document(one, ports, rehearsed=rehearsed) for one in outcome.targets],
                "orders": [_orders(one) for one in outcome.cancellations],
            }
        )
        return
    out.data(f"{len(outcome.dead)} of {len(outcome.targets)} keys are dead", style="green")
    for word, times in (
        ("hand-outs ended", [outcome.frozen_at]),
        ("last revocation", [one.revoked_at for one in outcome.targets if one.revoked_at]),
        ("last proof", [one.proven_at for one in outcome.targets if one.proven_at]),
    ):
        if times:
            out.data(f"  {word} after {(max(times) - outcome.begun_at).total_seconds():.1f} s")
    for cancellation in outcome.cancellations:
        _tell_orders(out, cancellation)
    left = [*outcome.alive, *outcome.unproven]
    if left:
        out.data(f"{len(left)} need a person, worst first:", style="red")
    for number, one in enumerate(left, start=1):
        _tell_left(out, ports, number, one, rehearsed=rehearsed)


def _tell_orders(out: Output, one: Cancellation) -> None:
    fact, detail = words(one)
    out.data(f"{one.venue}: {fact}" + (f" ({detail})" if detail else ""), style="" if one.done else "red")


def exit_status(outcome: Outcome) -> int:
    """0 all is dead; 5 revoked and not proven; 1 something is left that a person has to end or to cancel."""
    if outcome.alive or not all(one.done for one in outcome.cancellations):
        return 1
    return 5 if outcome.unproven else 0


def _tell_left(out: Output, ports: Ports, number: int, one: Target, *, rehearsed: bool) -> None:
    venue, guide = one.key.venue, one.guide
    adapter = ports.gateway.adapter(venue)
    state = "revoked, not proven dead" if one.revoked_at else "LIVES"
    out.data(f"{number:3}. {one.key.name}  {state}; can {_can(one)}")
    if one.error is not None:
        out.data(f"     {one.error.message}")
    if one.revoked_at is None:
        page = guide.page if guide else adapter.facts.key_page
        out.data(f"     {page if rehearsed else ports.gateway.page(venue, page)}")
        for step in guide.steps if guide else ():
            out.data(f"     - {step}")
    if rehearsed:
        return
    if one.workflow is not None:
        out.data(f"     then: keyguard workflow resume {one.workflow.id[:8]}")
    elif one.error is not None and one.error.hint:
        out.data(f"     {one.error.hint}")


def _can(one: Target) -> str:
    return "?" if one.scopes is None else ", ".join(scope_names(one.scopes)) or "nothing"


def _way(one: Target, ports: Ports) -> str:
    adapter = ports.gateway.adapter(one.key.venue)
    return "by API" if adapter.delete_key or adapter.disable_key else "by a person"


def _account(one: Cancellation) -> str:
    return f"account {one.account}" if one.account else f"the account of {one.by[0].key.name}"


def _orders(one: Cancellation) -> dict[str, object]:
    return {
        "venue": one.venue,
        "account": one.account or None,
        "key": (one.used or one.by[0]).key.name,
        "cancelled": one.done,
        "orders": one.orders,
        "leaves": one.leaves or None,
        "error": None if one.error is None else {"code": one.error.code, "message": one.error.message},
    }


def _document(one: Target, ports: Ports, *, rehearsed: bool = False) -> dict[str, object]:
    adapter = ports.gateway.adapter(one.key.venue)
    page = one.guide.page if one.guide else adapter.facts.key_page
    return {
        "key": one.key.name,
        "scopes": None if one.scopes is None else list(scope_names(one.scopes)),
        "revoked_at": instant(one.revoked_at),
        "proven_at": instant(one.proven_at),
        "inferred": one.inferred,
        "workflow": one.workflow.id if one.workflow and not rehearsed else None,
        "error": None if one.error is None else {"code": one.error.code, "message": one.error.message},
        "page": None if one.revoked_at else page if rehearsed else ports.gateway.page(one.key.venue, page),
        "steps": list(one.guide.steps) if one.guide else [],
    }
