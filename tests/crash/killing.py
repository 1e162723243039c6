"""Kill a process before or after any call that changes something, as `kill -9` would."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import fields

from keyguard.core.exchange import Effect
from keyguard.ports.all import Ports

CHANGING = {
    "secrets": {"put", "delete"},
    "inventory": {
        "add_key",
        "update_key",
        "remove_key",
        "add_version",
        "switch",
        "set_status",
        "observe",
        "add_lease",
        "end_lease",
    },
    "journal": {"open", "advance", "intend", "answered", "forget_calls", "pause", "unpause"},
    "audit": {"append", "append_all", "forget_private"},
    "gateway": {"send"},
    "person": {"tick", "new_credential", "confirm"},
    "clock": set(),
    "uses": {"take_in"},
    "people": {
        "put_desk",
        "put_person",
        "put_party",
        "put_grant",
        "put_approval",
        "put_review",
        "note",
        "forget",
    },
    "findings": {"put", "say", "unsay"},
    "incidents": {"put", "put_freeze", "put_report"},
    "seals": {"add", "sign", "cosign", "stamp", "prune"},
}


class Killed(BaseException):
    """The process is gone: nothing may catch this."""


class Fate:
    """Counts changing calls; dies at call number `at`, on the given side of its effect."""

    def __init__(self, at=None, side="before") -> None:
        self.at = at
        self.side = side
        self.count = 0
        self.names = []

    def call(self, name, function, *args, **kwargs):
        self.count += 1
        self.names.append(name)
        if self.count == self.at and self.side == "before":
            raise Killed(name)
        struck = self.count == self.at
        try:
            return function(*args, **kwargs)
        finally:
            if struck:
                raise Killed(name)


class Mortal:
    """A port whose changing calls pass by fate."""

    def __init__(self, name, port, fate) -> None:
        self._name, self._port, self._fate = name, port, fate

    def __getattr__(self, attribute):
        real = getattr(self._port, attribute)
        if attribute == "transaction":
            return self._transaction
        if attribute not in CHANGING[self._name]:
            return real

        def call(*args, **kwargs):
            if attribute == "send" and args[1].effect is Effect.NONE:
                return real(*args, **kwargs)
            return self._fate.call(f"{self._name}.{attribute}", real, *args, **kwargs)

        return call

    @contextmanager
    def _transaction(self):
        with self._port.transaction():
            yield
            self._fate.call("inventory.commit", lambda: None)
        self._fate.call("inventory.committed", lambda: None)


def mortal(ports, fate) -> Ports:
    """The same durable state, seen by a process with a fate."""
    parts = {f.name: getattr(ports, f.name) for f in fields(Ports)}
    return Ports(**{n: None if part is None else Mortal(n, part, fate) for n, part in parts.items()})
