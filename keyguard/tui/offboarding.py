"""What the flow that ends a person's time does: what `keyguard person offboard` does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from keyguard.core.errors import UsageError
from keyguard.workflows import end_person, offboard, offboarding_report
from keyguard.workflows.rotate import Options
from keyguard.workflows.rotate_each import rotate_each

if TYPE_CHECKING:
    from keyguard.tui.work import Doing


def preview(person_id: str) -> Callable[[Doing], offboard.Plan]:
    """What it would mean; changes nothing."""
    return lambda doing: offboard.plan(doing.ports, person_id)


def off_board(person_id: str, *, rotating: bool) -> Callable[[Doing], offboard.Plan]:
    """End their grants and time; keep the report; then rotate what they were handed, where that is wanted.

    Works again for somebody who has left: it goes on with what is still to be rotated. UsageError
    `offboard.rotations` where a rotation failed, which keeps the others not waiting.
    """

    def do(doing: Doing) -> offboard.Plan:
        ports = doing.ports
        before = offboard.plan(ports, person_id)
        if before.person.span.ended_at is None:
            end_person.end(ports, person_id, actor=doing.actor, reason="leaver")
        plan = offboard.plan(ports, person_id)
        offboarding_report.keep(ports, "person", person_id, [plan])
        if not rotating:
            return plan
        keys = [one.key for one in plan.keys if one.must_rotate]
        options = Options(reason="leaver")
        done = rotate_each(ports, keys, options, actor=doing.actor, process_alive=doing.process_alive)
        after = offboard.plan(ports, person_id)
        offboarding_report.keep(ports, "person", person_id, [after])
        if done.failed:
            raise UsageError(
                f"not rotated: {', '.join(sorted(done.failed))}",
                code="offboard.rotations",
                still="grants and time have ended, and the report is kept",
                hint=f"mend them and go on: keyguard person offboard {person_id} --yes --rotate",
            )
        return after

    return do
