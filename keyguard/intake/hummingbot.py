"""hummingbot's connector files: `connector: bybit`, then `bybit_api_key: …` and its like.

hummingbot encrypts the values under its own password, as hex of a keystore's JSON; those are recognised and
refused, for keyguard neither knows nor wants that password. Values that are not encrypted (written by hand
or by a script) are read. Form of the files: hummingbot's `conf/connectors/*.yml` (read 2026-11-20).
"""

from __future__ import annotations

import re

from keyguard.core.errors import UsageError
from keyguard.core.keys import Environment
from keyguard.intake import tree
from keyguard.intake.candidates import Candidate
from keyguard.intake.credentials import assemble
from keyguard.intake.problems import malformed
from keyguard.intake.reading import Text
from keyguard.intake.references import is_reference
from keyguard.intake.tree import Mapping, Scalar, Tree
from keyguard.intake.venues import venue_id

_KEYSTORE = re.compile(r"7b(?:20|0a|22)[0-9a-f]*", re.IGNORECASE)
"""Hex of what begins like a JSON object."""

_WORDS = (
    ("key", ("api_key", "access_key", "client_id", "key")),
    ("secret", ("api_secret", "secret_key", "client_secret", "secret")),
    ("passphrase", ("passphrase", "api_passphrase", "memo")),
)


def matches(root: Tree | None) -> bool:
    """Whether this is a connector file: it names its connector, and its members begin with that name."""
    if not isinstance(root, Mapping):
        return False
    connector = root.text("connector")
    return bool(connector) and any(name.startswith(f"{connector}_") for name in root.entries)


def read(source: Text, root: Tree | None) -> tuple[Candidate, ...]:
    """The credential of the file; UsageError `import.encrypted` where hummingbot has encrypted it."""
    assert isinstance(root, Mapping)
    connector = root.text("connector")
    values = [v.value for n, v in root.entries.items() if n != "connector" and isinstance(v, Scalar)]
    if any(_KEYSTORE.fullmatch(value.strip()) for value in values):
        raise _encrypted(source, connector)
    known = tuple((part, tuple(f"{connector}_{word}" for word in words)) for part, words in _WORDS)
    found, places = tree.fields(source, root, known)
    if not found or any(map(is_reference, found.values())):
        return ()
    venue = _venue(connector)
    if not venue:
        raise malformed(source.path, root.line, "the connector is not the name of a venue")
    testnet = "testnet" in connector
    return (
        Candidate(
            venue,
            connector.removeprefix(venue).strip("_").replace("_", "-") or "hummingbot",
            "",
            assemble(found, f"{source.path}:{root.line}"),
            places,
            Environment.TEST if testnet else Environment.LIVE,
        ),
    )


def _venue(connector: str) -> str:
    return venue_id(re.sub(r"(?:_perpetual|_testnet|_paper_trade|_main)+$", "", connector))


def _encrypted(source: Text, connector: str) -> UsageError:
    return malformed(
        source.path,
        0,
        "hummingbot has encrypted the keys in this file under its own password",
        code="import.encrypted",
        hint="keyguard key add "
        f"{_venue(connector) or 'VENUE'} --label L --desk D, with the key typed in or a new one; then "
        "`connect` hummingbot anew through keyguard run",
    )
