"""What a running agent does for its log every day: a seal, a look at the clock, the checkpoint by mail."""

from __future__ import annotations

from statistics import median

from keyguard.core.alerts import Urgency
from keyguard.core.slots import FIRM
from keyguard.ports.all import Ports
from keyguard.ports.channels import Messenger
from keyguard.workflows import channels, log_key
from keyguard.workflows.seal import Sealed, make_seal, seal_due

CLOCK_LIMIT_MS = 1000
"""KGA/1 §10, F15."""


def keep_sealed(ports: Ports) -> Sealed | None:
    """Seal the log where that is due, then note how the clock stands; None where nothing was due.

    Also None where another host's store has the log's key: that host seals. Raises as `make_seal`.
    """
    elsewhere = ports.seals.last() is not None and log_key.ITEM not in ports.secrets.names()
    if elsewhere or not seal_due(ports):
        return None
    made = make_seal(ports)
    check_clock(ports)
    return made


def check_clock(ports: Ports) -> bool:
    """Record how far this clock is from the venues', as far as any was asked; whether it was.

    The firm's stream names no venue, so it is the median of what they said.
    """
    venues = sorted({key.venue for key in ports.inventory.keys()})  # noqa: SIM118 - a method of the port
    asked = [ports.gateway.clock_offset_ms(venue) for venue in venues]
    offsets = [offset for offset in asked if offset is not None]
    if not offsets:
        return False
    offset = round(median(offsets))
    body = {"offset_ms": offset, "source": "venue", "ok": abs(offset) <= CLOCK_LIMIT_MS}
    ports.audit.append(FIRM, "clock.check", body)
    return True


def mail(ports: Ports, messenger: Messenger, channel: str, sealed: Sealed) -> None:
    """Send the signed checkpoint to a channel: who keeps it can later tell a rewritten log.

    UsageError `alert.unknown`, StoreError `alert.undelivered`. It tells nothing of what the log holds.
    """
    title = f"keyguard checkpoint {sealed.checkpoint.size} of {sealed.origin}"
    messenger.send(channels.channel(ports.secrets, channel), title, str(sealed.note), Urgency.LOW)
