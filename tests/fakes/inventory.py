"""Inventory in memory: what is committed survives a process that dies, an open transaction does not."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from dataclasses import replace

from keyguard.core.errors import UsageError
from keyguard.core.keys import VersionStatus


class FakeInventory:
    def __init__(self) -> None:
        self._keys = {}
        self._versions = {}
        self._observations = []
        self._leases = {}

    @contextmanager
    def transaction(self):
        saved = copy.copy(vars(self))
        saved = {name: copy.copy(value) for name, value in saved.items()}
        try:
            yield
        except BaseException:
            vars(self).update(saved)
            raise

    def add_key(self, key, version):
        if any(k.name == key.name for k in self._keys.values()):
            raise UsageError("name taken", code="key.name_taken")
        if self.version_by_public_id(key.venue, version.public_id):
            raise UsageError("known", code="key.known")
        self._keys[key.id] = key
        self._versions[version.id] = version

    def update_key(self, key):
        self._keys[key.id] = key

    def remove_key(self, key_id):
        del self._keys[key_id]
        self._versions = {i: v for i, v in self._versions.items() if v.key_id != key_id}

    def keys(self):
        return tuple(sorted(self._keys.values(), key=lambda k: k.name))

    def find_key(self, name):
        if name in self._keys:
            return self._keys[name]
        found = [k for k in self._keys.values() if k.name == name or k.name.endswith("/" + name)]
        if not found:
            raise UsageError(f"no key {name}", code="key.unknown")
        if len(found) > 1:
            raise UsageError(f"{name} matches several keys", code="key.ambiguous")
        return found[0]

    def versions(self, key_id):
        return tuple(
            sorted((v for v in self._versions.values() if v.key_id == key_id), key=lambda v: v.number)
        )

    def live_version(self, key_id):
        for version in self.versions(key_id):
            if version.status is VersionStatus.LIVE:
                return version
        raise UsageError("no live version", code="key.no_live_version")

    def version_by_public_id(self, venue, public_id):
        for version in self._versions.values():
            if version.public_id == public_id and self._keys[version.key_id].venue == venue:
                return version
        return None

    def add_version(self, version):
        assert version.key_id in self._keys
        assert self._versions.get(version.id, version) == version
        self._versions[version.id] = version

    def switch(self, key_id, version_id):
        for version in self.versions(key_id):
            if version.id == version_id:
                self.set_status(version.id, VersionStatus.LIVE)
            elif version.status is VersionStatus.LIVE:
                self.set_status(version.id, VersionStatus.RETIRED)

    def set_status(self, version_id, status):
        self._versions[version_id] = replace(self._versions[version_id], status=status)

    def observe(self, observation):
        assert observation.version_id in self._versions
        self._observations = [*self._observations, observation]

    def last_observation(self, version_id):
        return next((o for o in reversed(self._observations) if o.version_id == version_id), None)

    def add_lease(self, lease):
        self._leases[lease.id] = lease

    def end_lease(self, lease_id, at):
        self._leases[lease_id] = replace(self._leases[lease_id], ended_at=at)

    def open_leases(self, version_id):
        return tuple(x for x in self._leases.values() if x.version_id == version_id and x.ended_at is None)
