"""Uses in memory, over the fake log. It passes the contract of the real one (contract_uses.py)."""

from __future__ import annotations

from keyguard.ports.uses import Logged


class FakeUses:
    def __init__(self, audit, inventory, rules, egress=None) -> None:
        self.rules = rules
        self.egress = egress or {}
        self._log = lambda: (list(audit.entries()), audit.private())
        self._versions = lambda: inventory.versions_by_id(sorted(inventory.version_ids())).values()
        self._histories = {}
        self._number = -1

    def behind(self):
        return len(self._log()[0]) - 1 - self._number

    def taken_in(self):
        return self._number

    def logged(self, after, most):
        entries, private = self._log()
        found = [entry for entry in entries if after < entry.number <= after + most]
        told = [
            Logged(one.record, private.get(one.number)) for one in found if b'"type":"handout"' in one.record
        ]
        return max([after, *(one.number for one in found)]), told

    def key_ids(self, fingerprints):
        return {v.fingerprint: v.key_id for v in self._versions() if v.fingerprint in fingerprints}

    def histories(self, key_ids):
        return {id_: history for id_, history in self._histories.items() if id_ in key_ids}

    def take_in(self, histories, number):
        self._histories |= histories
        self._number = number

    def forget(self):
        self._histories, self._number = {}, -1
