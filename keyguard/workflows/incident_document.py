"""Incidents and freezes as JSON: for `--json`, for what is preserved, and for reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from keyguard.core.incidents import Freeze, Incident
from keyguard.workflows.records import instant


def document(incident: Incident) -> dict[str, Any]:
    """An incident with its timeline and the times reached; null is what is not known or not reached."""
    return {
        "id": incident.id,
        "class": incident.kind.value,
        "open": incident.open,
        "unseen": incident.unseen,
        "keys": list(incident.names),
        "venues": list(incident.venues),
        "how": incident.how,
        "opened_by": incident.opened_by,
        "opened_at": instant(incident.opened_at),
        "reached": {step.value: _instant(at) for step, at in incident.reached().items()},
        "stage": incident.stage.value if incident.stage else None,
        "deadline": _instant(incident.deadline),
        "reference": incident.reference,
        "timeline": [
            {
                "at": instant(event.at),
                "noted_at": instant(event.noted_at),
                "step": event.step.value,
                "by": event.by,
                "text": event.text,
            }
            for event in incident.timeline()
        ],
        "closed_at": _instant(incident.closed_at),
        "cause": incident.cause,
        "outcome": list(incident.outcome),
    }


def freeze_document(freeze: Freeze, name: str) -> dict[str, Any]:
    """A freeze; `name` is what people call its subject."""
    return {
        "id": freeze.id,
        "scope": freeze.scope.value,
        "subject": name,
        "since": instant(freeze.since),
        "by": freeze.by,
        "reason": freeze.reason,
        "incident": freeze.incident or None,
        "ended_at": _instant(freeze.ended_at),
        "ended_by": freeze.ended_by or None,
        "ended_why": freeze.ended_why,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant(at)
