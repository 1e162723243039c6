"""Incidents, freezes and reports that are kept. Holds no secret."""

from __future__ import annotations

from typing import Protocol

from keyguard.core.incidents import Freeze, Incident, Report


class Incidents(Protocol):
    """Adds and changes, never deletes. Every method is one transaction (StoreError, exit 3) and joins an
    open `Inventory.transaction()`.

    `put*` adds or replaces by id. What is over stays so: changing it raises UsageError `incident.over`.
    """

    def all(self) -> tuple[Incident, ...]:
        """All, closed ones too, oldest first."""
        ...

    def open(self) -> tuple[Incident, ...]:
        """Those that are not closed, oldest first."""
        ...

    def find(self, id_: str) -> Incident:
        """By id or an unambiguous beginning of it, `in_` left out or not; UsageError `incident.unknown`."""
        ...

    def triggered(self, trigger: str) -> Incident | None:
        """The incident this trigger has opened, closed or not."""
        ...

    def put(self, incident: Incident) -> None:
        """Add or replace; a second one of the same trigger is refused (UsageError `incident.over`)."""
        ...

    def freezes(self) -> tuple[Freeze, ...]:
        """Those that stand, oldest first."""
        ...

    def all_freezes(self) -> tuple[Freeze, ...]:
        """All, past ones too, oldest first."""
        ...

    def put_freeze(self, freeze: Freeze) -> None:
        """Add or replace."""
        ...

    def reports(self) -> tuple[Report, ...]:
        """All, oldest first."""
        ...

    def find_report(self, id_: str) -> Report:
        """By id or an unambiguous beginning of it; UsageError `report.unknown`."""
        ...

    def put_report(self, report: Report) -> None:
        """Add or replace: a report grows while what it tells of goes on."""
        ...
