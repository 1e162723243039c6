"""Findings, and what people were told of them. Holds no secret."""

from __future__ import annotations

from typing import Protocol

from keyguard.core.alerts import Said
from keyguard.core.findings import Finding


class Findings(Protocol):
    """Every method is one transaction (StoreError, exit 3) and joins an open `Inventory.transaction()`."""

    def all(self) -> tuple[Finding, ...]:
        """All, past ones too, oldest first."""
        ...

    def standing(self) -> tuple[Finding, ...]:
        """Those that are open or accepted, oldest first."""
        ...

    def get(self, id_: str) -> Finding | None:
        """The finding of exactly this id, None if there never was one."""
        ...

    def find(self, id_: str) -> Finding:
        """By id or an unambiguous beginning of it; UsageError `finding.unknown`."""
        ...

    def put(self, finding: Finding) -> None:
        """Add or replace by id."""
        ...

    def said(self) -> tuple[Said, ...]:
        """What people were told of findings, oldest first."""
        ...

    def say(self, said: Said) -> None:
        """Add or replace by the alert's id."""
        ...

    def unsay(self, alert_id: str) -> None:
        """Forget an alert: what it was of is over. One that is not there is fine."""
        ...
