"""Incidents in memory. It passes the contract of the real one (tests/stores/contract_incidents.py)."""

from __future__ import annotations

from keyguard.core.errors import UsageError
from keyguard.core.incidents import Report, may_replace


class FakeIncidents:
    def __init__(self) -> None:
        self._incidents = {}
        self._freezes = {}
        self._reports = {}

    def all(self):
        return tuple(sorted(self._incidents.values(), key=lambda one: (one.opened_at, one.id)))

    def open(self):
        return tuple(one for one in self.all() if one.open)

    def find(self, id_):
        return _find(self.all(), id_, "in_", "incident")

    def triggered(self, trigger):
        return next((one for one in self.all() if one.trigger == trigger), None)

    def put(self, incident):
        other = self.triggered(incident.trigger) if incident.trigger else None
        if other is not None and other.id != incident.id:
            raise UsageError("it was opened", code="incident.over")
        self._incidents = _with(self._incidents, incident)

    def freezes(self):
        return tuple(one for one in self.all_freezes() if one.stands)

    def all_freezes(self):
        return tuple(sorted(self._freezes.values(), key=lambda one: (one.since, one.id)))

    def put_freeze(self, freeze):
        self._freezes = _with(self._freezes, freeze)

    def reports(self):
        return tuple(sorted(self._reports.values(), key=lambda one: (one.at, one.id)))

    def find_report(self, id_):
        return _find(self.reports(), id_, "rp_", "report")

    def put_report(self, report):
        self._reports = _with(self._reports, report)


def _with(kept, value):
    before = kept.get(value.id)
    if before is not None and not isinstance(value, Report) and not may_replace(before, value):
        raise UsageError("it is over", code="incident.over")
    return {**kept, value.id: value}


def _find(every, id_, prefix, word):
    full = id_ if id_.startswith(prefix) else prefix + id_
    found = [one for one in every if full != prefix and one.id.startswith(full)]
    if len(found) != 1:
        raise UsageError(f"no {word}", code=f"{word}.unknown")
    return found[0]
