"""freqtrade's config.json: `exchange: {name, key, secret, password}`.

The same may stand once more, or instead, in `ccxt_config`, `ccxt_sync_config` and `ccxt_async_config`, which
freqtrade hands to ccxt (freqtrade's documentation, read 2026-11-20).
"""

from __future__ import annotations

from keyguard.intake import tree
from keyguard.intake.candidates import Candidate
from keyguard.intake.credentials import assemble
from keyguard.intake.problems import malformed
from keyguard.intake.reading import Text
from keyguard.intake.references import is_reference
from keyguard.intake.tree import Mapping, Tree
from keyguard.intake.venues import venue_id

_CCXT = ("ccxt_config", "ccxt_sync_config", "ccxt_async_config")
_CCXT_MEMBERS = (("key", ("apiKey",)), ("secret", ("secret",)), ("passphrase", ("password",)))
_MEMBERS = (("key", ("key",)), ("secret", ("secret",)), ("passphrase", ("password",)))


def section(root: Tree | None) -> Mapping | None:
    """The exchange's section if this is a freqtrade configuration."""
    exchange = root.entries.get("exchange") if isinstance(root, Mapping) else None
    return exchange if isinstance(exchange, Mapping) and "name" in exchange.entries else None


def read(source: Text, exchange: Mapping) -> tuple[Candidate, ...]:
    """The credentials of the exchange's section; () if the configuration holds none.

    A section of ccxt's that repeats the exchange's credential brings its places, not another key.
    """
    parts = (exchange.entries.get(name) for name in _CCXT)
    inner = [(part, _CCXT_MEMBERS) for part in parts if isinstance(part, Mapping)]
    found = []
    for section, members in [(exchange, _MEMBERS), *inner]:
        values, places = tree.fields(source, section, members)
        if not values or any(map(is_reference, values.values())):
            continue
        venue = venue_id(exchange.text("name"))
        if not venue:
            raise malformed(source.path, exchange.line, "the exchange has no usable name")
        credential = assemble(values, f"{source.path}:{section.line}")
        found.append(Candidate(venue, "freqtrade", "", credential, places))
    return tuple(found)
