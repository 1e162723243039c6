"""The daemon's seals: one a day, one soon after what must not wait, and the checkpoint by mail every day."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from keyguard.core.errors import IntegrityError, KeyguardError
from keyguard.ports.all import Ports
from keyguard.ports.channels import Messenger
from keyguard.workflows.log_day import keep_sealed, mail
from keyguard.workflows.seal import EVERY, sealed

_AGAIN = timedelta(hours=1)
"""What needs an operator is not tried, and not said, every minute."""

_LOG = logging.getLogger(__name__)


class Sealing:
    """Used in one thread. `channel`: which alert channel gets the checkpoint, "" for none."""

    def __init__(self, ports: Ports, messenger: Messenger, channel: str) -> None:
        self._ports = ports
        self._messenger = messenger
        self._channel = channel
        self._mailed: datetime | None = None
        self._not_before: datetime | None = None

    def keep(self) -> None:
        """Seal where it is due, then send the day's checkpoint; a log that must not sign is left alone."""
        now = self._ports.clock.now()
        if self._not_before is not None and now < self._not_before:
            return
        self._not_before = None
        try:
            made = keep_sealed(self._ports)
        except IntegrityError as error:
            self._not_before = now + _AGAIN
            _LOG.error("the log is not sealed: %s: %s", error.code, error.hint)
            return
        if made is not None:
            _LOG.info("sealed %d records; checkpoint %d", made.records, made.checkpoint.size)
        self._mail(now)

    def _mail(self, now: datetime) -> None:
        """What was not taken is sent again in an hour."""
        if not self._channel or (self._mailed is not None and now - self._mailed < EVERY):
            return
        if self._ports.seals.checkpoint() is None:
            return
        try:
            mail(self._ports, self._messenger, self._channel, sealed(self._ports))
        except KeyguardError as error:
            self._mailed = now - EVERY + _AGAIN
            _LOG.warning("the checkpoint was not sent to %s: %s", self._channel, error.code)
            return
        self._mailed = now
