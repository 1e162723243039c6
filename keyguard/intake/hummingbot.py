"""hummingbot's connector files. Their values are encrypted, so all that can be done is to say so."""

from __future__ import annotations

from keyguard.core.errors import UsageError
from keyguard.intake.problems import malformed
from keyguard.intake.reading import Text
from keyguard.intake.tree import Mapping, Tree
from keyguard.intake.venues import venue_id


def matches(root: Tree | None) -> bool:
    """Whether this is a connector file: it names its connector, and its members begin with that name."""
    if not isinstance(root, Mapping):
        return False
    connector = root.text("connector")
    return bool(connector) and any(name.startswith(f"{connector}_") for name in root.entries)


def refuse(source: Text, root: Tree | None) -> UsageError:
    """Return the error that explains what to do instead."""
    connector = venue_id(root.text("connector")) if isinstance(root, Mapping) else ""
    venue = (connector or "VENUE").removesuffix("_perpetual").removesuffix("_testnet")
    return malformed(
        source.path,
        0,
        "hummingbot has encrypted the keys in this file under its own password",
        code="import.encrypted",
        hint=f"make a new key at the venue and run: keyguard key add {venue} --label L --desk D",
    )
