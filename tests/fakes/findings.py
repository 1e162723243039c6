"""Findings in memory. It passes the contract of the real one (tests/stores/contract_findings.py)."""

from __future__ import annotations

from keyguard.core.errors import UsageError
from keyguard.core.findings import STANDING


class FakeFindings:
    def __init__(self) -> None:
        self._findings = {}
        self._said = {}

    def all(self):
        return tuple(sorted(self._findings.values(), key=lambda finding: (finding.since, finding.id)))

    def standing(self):
        return tuple(finding for finding in self.all() if finding.state in STANDING)

    def get(self, id_):
        return self._findings.get(id_)

    def find(self, id_):
        found = [finding for finding in self.all() if id_ and finding.id.startswith(id_)]
        if len(found) != 1:
            raise UsageError("no finding", code="finding.unknown")
        return found[0]

    def put(self, finding):
        self._findings = {**self._findings, finding.id: finding}

    def said(self):
        return tuple(sorted(self._said.values(), key=lambda said: (said.told.since, said.alert.id)))

    def say(self, said):
        self._said = {**self._said, said.alert.id: said}

    def unsay(self, alert_id):
        self._said = {id_: said for id_, said in self._said.items() if id_ != alert_id}
