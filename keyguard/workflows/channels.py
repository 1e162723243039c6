"""Channels in the secret store: one item a channel, `alert/<name>`, changed by taking away and adding."""

from __future__ import annotations

import json
import re

from keyguard.core.alerts import Urgency
from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.secret import Secret
from keyguard.ports.channels import Channel
from keyguard.ports.secrets import SecretStore

_PREFIX = "alert/"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


def add(secrets: SecretStore, channel: Channel) -> None:
    """Store a channel; UsageError for a name that is taken or not of `[a-z0-9_.-]`."""
    if not _NAME.fullmatch(channel.name):
        raise UsageError(
            "a channel's name has small letters, digits, and _ . -",
            code="alert.name",
            still="nothing was stored",
        )
    if _PREFIX + channel.name in secrets.names():
        raise UsageError(
            f"there is a channel {channel.name} already",
            code="alert.name_taken",
            still="it is unchanged",
            hint=f"keyguard alert remove {channel.name}",
        )
    value = {
        "url": channel.url.reveal(),
        "floor": channel.floor.name.lower(),
        "escalation": channel.escalation,
    }
    secrets.put(_PREFIX + channel.name, Secret(json.dumps(value)))


def channels(secrets: SecretStore) -> tuple[Channel, ...]:
    """Return all channels, by name."""
    found = (name.removeprefix(_PREFIX) for name in secrets.names() if name.startswith(_PREFIX))
    return tuple(_read(secrets, name) for name in found)


def channel(secrets: SecretStore, name: str) -> Channel:
    """Return the channel of this name; UsageError if there is none."""
    if _PREFIX + name not in secrets.names():
        raise UsageError(
            f"no channel {name!r}", code="alert.unknown", hint="keyguard alert list shows the channels"
        )
    return _read(secrets, name)


def remove(secrets: SecretStore, name: str) -> None:
    """Take a channel away; UsageError if there is none."""
    channel(secrets, name)
    secrets.delete(_PREFIX + name)


def _read(secrets: SecretStore, name: str) -> Channel:
    try:
        value = json.loads(secrets.get(_PREFIX + name).reveal())
        return Channel(name, Secret(value["url"]), Urgency[value["floor"].upper()], bool(value["escalation"]))
    except (KeyError, TypeError, ValueError):
        raise IntegrityError(
            f"the channel {name} in the secret store is not as it was written",
            code="alert.damaged",
            hint=f"keyguard alert remove {name}, and add it again",
        ) from None
