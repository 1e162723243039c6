"""The report of an off-boarding as text, from the document that is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from keyguard.cli.output import Output

_STYLES = {"open": "red", "dead": "green", "could_use": ""}


def tell(out: Output, report: dict[str, Any]) -> None:
    """Who left when, what ended with them, and what became of every key they had."""
    out.data(f"{report['kind']} {report['subject']}: off-boarded {_at(report['left_at'])}", style="bold")
    for person in report["people"]:
        ended = sum(grant["ended_at"] is not None for grant in person["grants"])
        out.data(
            f"  {person['person']} ({person['capacity']}) left {_at(person['left_at'])}; "
            f"{ended} of {len(person['grants'])} grants have ended"
        )
    for key in report["keys"]:
        out.data(f"  {_key(key)}", style=_STYLES[key["state"]])
    for name in report["owned_keys"]:
        out.data(f"  {name} needs another owner")
    for approval in report["pending_approvals"]:
        out.data(f"  {approval} was asked for by them and waits")
    out.data(f"  {report['dead']} keys are proven dead, {report['open']} are to be rotated; {_made(report)}")


def _key(key: dict[str, Any]) -> str:
    if key["state"] == "could_use":
        return f"{key['key']}: could use it, was never handed it"
    shown = f", {key['revealed']} of them shown to their eyes" if key["revealed"] else ""
    had = f"{key['handouts']} hand-outs{shown}, the last {_at(key['last_handout'])}"
    if key["state"] == "open":
        return f"{key['key']}: still works; {had}: {key['command']}"
    took = f" ({key['seconds_to_dead']} s after)" if key["seconds_to_dead"] is not None else ""
    return f"{key['key']}: what they had is proven dead {_at(key['dead_at'])}{took}, {key['proof']}; {had}"


def _made(report: dict[str, Any]) -> str:
    return f"as of {_at(report['made_at'])} UTC"


def _at(instant: str | None) -> str:
    return "not yet" if instant is None else instant[:19].replace("T", " ")
