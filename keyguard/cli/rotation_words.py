"""Options and words shared by the commands that run a workflow with effects at a venue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keyguard.cli.views import instant
from keyguard.core.errors import UsageError
from keyguard.workflows.plan import REASONS

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.ports.journal import Workflow

_DURATION = re.compile(r"(\d{1,7})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def add_arguments(parser: argparse.ArgumentParser, *, reason: str | None) -> None:
    """Declare the options of every workflow that ends a key; without a default `reason` it must be given."""
    parser.add_argument("key", help="id, venue/desk/label or any unambiguous part")
    parser.add_argument("--manager", default="", metavar="K", help="the key that manages the account")
    parser.add_argument(
        "--reason", default=reason, required=reason is None, metavar="R", help=", ".join(REASONS)
    )


def seconds(text: str) -> int:
    """Parse `90`, `10m`, `2h`, `1d`; UsageError for anything else."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise UsageError(f"{text!r} is no duration", code="usage", hint="such as 30s, 10m, 2h or 1d")
    return int(match[1]) * _SECONDS[match[2]]


def tell(out: Output, workflow: Workflow, key_name: str) -> None:
    """Say how a workflow ended."""
    if out.json:
        out.document(
            {
                "workflow": workflow.id,
                "kind": workflow.kind,
                "key": key_name,
                "state": workflow.state,
                "finished": workflow.finished,
                "updated_at": instant(workflow.updated_at),
            }
        )
        return
    if workflow.state == "buried":
        inferred = workflow.data.get("proof", {}).get("method", "").startswith("inferred")
        shown = "taken for dead" if inferred else "proven dead"
        out.data(f"{key_name}: the old version is {shown} (workflow {workflow.id[:8]})", style="green")
    else:
        out.data(f"{key_name}: {workflow.kind} is {workflow.state} (workflow {workflow.id[:8]})")
