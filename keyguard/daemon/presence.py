"""The daemon's own records in the audit log: that it began, that it runs, that it ended (KGA/1 §5.3).

Silence must be visible to whoever reads the log: a daemon that was killed has a start without a stop, and no
heartbeat after. Records name the host by a pseudonym whose salt is in the store, so one that starts locked
tells of its start when the store is opened first: before that it has given nothing to anybody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from keyguard import __version__
from keyguard.core.errors import KeyguardError
from keyguard.core.slots import FIRM
from keyguard.daemon.ledger import Ledger
from keyguard.ports.all import Ports
from keyguard.workflows.identity import Names

HEARTBEAT_S = 23 * 3600.0
"""KGA/1 wants one in 24 hours."""

_LOG = logging.getLogger(__name__)


class Presence:
    """What the log knows of this daemon. To be made and used on its event loop."""

    def __init__(self, ports: Ports, ledger: Ledger, namer: Callable[[str], Names], host: str) -> None:
        self._ports = ports
        self._ledger = ledger
        self._namer = namer
        self._host = host
        self._pseudonym = ""
        self._beats = 0
        self._due = 0.0
        self._turn = asyncio.Lock()  # an unlocking and the job may come at once

    async def show(self) -> None:
        """Tell of the start where that was not possible yet, else that it runs, when that is due.

        What cannot be written now is tried again at the next call.
        """
        try:
            async with self._turn:
                await self._show()
        except KeyguardError as error:
            if error.code != "store.locked":
                _LOG.warning("the log could not be told that this daemon runs: %s", error.code)

    async def end(self) -> None:
        """Tell of the end, if the log knows of the start."""
        if not self._pseudonym:
            return
        try:
            await self._append("agent.stop", tool_version=__version__)
        except KeyguardError as error:
            _LOG.warning("the log could not be told that this daemon ends: %s", error.code)

    async def _show(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self._pseudonym:
            self._pseudonym = await self._ledger.write(self._start)
        elif now >= self._due:
            await self._append("log.heartbeat", seq=self._beats + 1)
            self._beats += 1
        else:
            return
        self._due = now + HEARTBEAT_S

    def _start(self) -> str:
        """In the writer thread: returns the host's pseudonym, which a locked store could not tell later."""
        host = self._namer(FIRM).host(self._host)
        self._ports.audit.append(FIRM, "agent.start", {"host": host, "tool_version": __version__})
        return host

    async def _append(self, type_: str, **body: str | int) -> None:
        record = {"host": self._pseudonym, **body}
        await self._ledger.write(lambda: self._ports.audit.append(FIRM, type_, record))
