"""freqtrade's config.json: `exchange: {name, key, secret, password}`."""

from __future__ import annotations

from keyguard.intake import tree
from keyguard.intake.candidates import Candidate
from keyguard.intake.credentials import assemble
from keyguard.intake.problems import malformed
from keyguard.intake.reading import Text
from keyguard.intake.references import is_reference
from keyguard.intake.tree import Mapping, Tree
from keyguard.intake.venues import venue_id

_MEMBERS = (("key", ("key",)), ("secret", ("secret",)), ("passphrase", ("password",)))


def section(root: Tree | None) -> Mapping | None:
    """The exchange's section if this is a freqtrade configuration."""
    exchange = root.entries.get("exchange") if isinstance(root, Mapping) else None
    return exchange if isinstance(exchange, Mapping) and "name" in exchange.entries else None


def read(source: Text, exchange: Mapping) -> tuple[Candidate, ...]:
    """The credential of the exchange's section; () if the configuration holds none."""
    values, places = tree.fields(source, exchange, _MEMBERS)
    if not values or any(map(is_reference, values.values())):
        return ()
    venue = venue_id(exchange.text("name"))
    if not venue:
        raise malformed(source.path, exchange.line, "the exchange has no usable name")
    return (Candidate(venue, "freqtrade", "", assemble(values, f"{source.path}:{exchange.line}"), places),)
