"""Inventory in memory: what is committed survives a process that dies, an open transaction does not.

It passes the contract of the real one (tests/stores/contract_inventory.py).
"""

from __future__ import annotations

import copy
from contextlib import contextmanager
from dataclasses import replace

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.keys import VersionStatus


class FakeInventory:
    def __init__(self) -> None:
        self._keys = {}
        self._versions = {}
        self._observations = []
        self._leases = {}
        self.joined = []  # what shares the database: their calls stand or fall with the transaction

    @contextmanager
    def transaction(self):
        stores = [self, *self.joined]
        saved = [{name: _kept(value) for name, value in vars(store).items()} for store in stores]
        try:
            yield
        except BaseException:
            for store, before in zip(stores, saved, strict=True):
                vars(store).update(before)
            raise

    def add_key(self, key, version):
        if key.id in self._keys or any(k.name == key.name for k in self._keys.values()):
            raise UsageError("name taken", code="key.name_taken")
        if self.version_by_public_id(key.venue, version.public_id):
            raise UsageError("known", code="key.known")
        self._keys[key.id] = key
        self._versions[version.id] = version

    def update_key(self, key):
        self._known(key.id)
        self._keys[key.id] = key

    def remove_key(self, key_id):
        gone = {version.id for version in self.versions(key_id)}
        self._keys.pop(key_id, None)
        self._versions = {i: v for i, v in self._versions.items() if i not in gone}
        self._observations = [o for o in self._observations if o.version_id not in gone]
        self._leases = {i: lease for i, lease in self._leases.items() if lease.version_id not in gone}

    def keys(self):
        return tuple(sorted(self._keys.values(), key=lambda k: k.name))

    def find_key(self, name):
        for found in (
            [k for k in self.keys() if name in (k.id, k.name)],
            [k for k in self.keys() if f"/{name}/" in f"/{k.name}/"],
            [k for k in self.keys() if _begins(k.name.split("/"), name.split("/"))],
        ):
            if len(found) == 1:
                return found[0]
            if found:
                names = ", ".join(k.name for k in found)
                raise UsageError(f"{name} matches several keys: {names}", code="key.ambiguous")
        raise UsageError(f"no key {name}", code="key.unknown")

    def versions(self, key_id):
        return tuple(
            sorted((v for v in self._versions.values() if v.key_id == key_id), key=lambda v: v.number)
        )

    def version_ids(self):
        return frozenset(self._versions)

    def live_version(self, key_id):
        for version in self.versions(key_id):
            if version.status is VersionStatus.LIVE:
                return version
        raise UsageError("no live version", code="key.no_live_version")

    def version_by_public_id(self, venue, public_id):
        found = [
            version
            for version in self._versions.values()
            if version.public_id == public_id and self._keys[version.key_id].venue == venue
        ]
        return max(found, key=lambda version: version.number, default=None)

    def add_version(self, version):
        self._known(version.key_id)
        present = self._versions.get(version.id)
        if present is not None:
            assert replace(present, status=version.status) == version
            return
        if any(known.number == version.number for known in self.versions(version.key_id)):
            raise StoreError("a change that breaks its rules", code="database.constraint")
        self._versions[version.id] = version

    def switch(self, key_id, version_id):
        if all(version.id != version_id for version in self.versions(key_id)):
            raise UsageError(f"no version {version_id}", code="key.unknown_version")
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
        of_version = (o for o in reversed(self._observations) if o.version_id == version_id)
        return max(of_version, key=lambda o: o.at, default=None)

    def last_observations(self, version_ids):
        found = {i: self.last_observation(i) for i in version_ids}
        return {i: observation for i, observation in found.items() if observation is not None}

    def add_lease(self, lease):
        assert lease.version_id in self._versions
        self._leases[lease.id] = lease

    def end_lease(self, lease_id, at):
        if self._leases[lease_id].ended_at is None:
            self._leases[lease_id] = replace(self._leases[lease_id], ended_at=at)

    def add_leases(self, leases):
        for lease in leases:
            self.add_lease(lease)

    def end_leases(self, lease_ids, at):
        for lease_id in lease_ids:
            if lease_id in self._leases:
                self.end_lease(lease_id, at)

    def running_leases(self):
        found = (lease for lease in self._leases.values() if lease.ended_at is None)
        return tuple(sorted(found, key=lambda lease: (lease.at, lease.id)))

    def live_versions(self, key_ids):
        live = (v for v in self._versions.values() if v.status is VersionStatus.LIVE)
        return {version.key_id: version for version in live if version.key_id in key_ids}

    def versions_by_id(self, version_ids):
        return {i: version for i, version in self._versions.items() if i in version_ids}

    def stamp(self):
        return hash(repr(vars(self)))

    def open_leases(self, version_id):
        found = (x for x in self._leases.values() if x.version_id == version_id and x.ended_at is None)
        return tuple(sorted(found, key=lambda lease: lease.at))

    def _known(self, key_id):
        if key_id not in self._keys:
            raise UsageError(f"no key {key_id}", code="key.unknown")


def _begins(name, wanted):
    """Whether neighbouring pieces of the name begin with the wanted ones."""
    rows = (name[start : start + len(wanted)] for start in range(len(name) - len(wanted) + 1))
    return all(wanted) and any(all(map(str.startswith, row, wanted)) for row in rows)


def _kept(value):
    """What a store holds, as it is now; the clock and the stores that it refers to stay the same ones."""
    return copy.copy(value) if isinstance(value, list | dict | set) else value
