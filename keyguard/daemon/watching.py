"""Connections that want to know of new versions."""

from __future__ import annotations

from typing import Any

from keyguard.daemon.ledger import Ledger
from keyguard.daemon.sessions import Session
from keyguard.ports.all import Ports


class Watching:
    """Who watches which key; `tell_changes` comes again every moment."""

    def __init__(self, ports: Ports, ledger: Ledger) -> None:
        self._inventory = ports.inventory
        self._ledger = ledger
        self._sessions: set[Session] = set()
        self._stamp = 0

    async def watch(self, session: Session, key_name: str) -> dict[str, Any]:
        """Tell this connection of new versions from now on; raises the refusal."""
        key, version = await self._ledger.read(self._ledger.watchable, session.holder, key_name)
        session.watched[key.id] = version.id
        if not session.closed:
            self._sessions.add(session)
        return {"id": key.id, "key": key.name, "version": version.number}

    def forget(self, session: Session) -> None:
        """The connection ended."""
        self._sessions.discard(session)

    async def tell_changes(self) -> None:
        """Look whether a watched key has another version; cheap while nothing was committed."""
        wanted = sorted({key_id for session in self._sessions for key_id in session.watched})
        if not wanted:
            return
        stamp = self._ledger.stamp()
        if stamp == self._stamp:
            return
        live = await self._ledger.read(self._inventory.live_versions, wanted)
        self._stamp = stamp
        for session in list(self._sessions):
            for key_id, known in list(session.watched.items()):
                version = live.get(key_id)
                if version is not None and version.id != known:
                    session.watched[key_id] = version.id
                    session.notify("handout.changed", {"id": key_id, "version": version.number})
