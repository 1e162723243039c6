"""Where alerts go: chat, mail, pagers, the desktop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from keyguard.core.alerts import Urgency
from keyguard.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to people. Its URL holds a token or a password, so it is a secret as a whole.

    `floor`: what is less urgent is not sent there. `escalation`: only for what nobody acknowledged.
    """

    name: str
    url: Secret = field(repr=False)
    floor: Urgency = Urgency.LOW
    escalation: bool = False


class Messenger(Protocol):
    """Sends one message over one channel."""

    def check(self, url: Secret) -> str:
        """Return what kind of channel a URL means, such as Slack; UsageError for one that is none, or that
        would send over a network in the clear."""
        ...

    def send(self, channel: Channel, title: str, text: str, urgency: Urgency) -> None:
        """Deliver; StoreError `alert.undelivered` if it was not taken. The text holds no secret."""
        ...
