"""ccxt-style settings, JSON or YAML: exchange -> {apiKey, secret, password}, or a list of such.

They may stand below other names (`exchanges:`, `accounts:`); the exchange is named by the section itself, a
member of it, or the nearest name above. `sandbox: true` or `testnet: true` beside them means a test key.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyguard.core.keys import Environment
from keyguard.core.slots import SLOTS
from keyguard.intake import tree
from keyguard.intake.candidates import Candidate
from keyguard.intake.credentials import assemble
from keyguard.intake.problems import malformed
from keyguard.intake.reading import Text
from keyguard.intake.references import is_reference
from keyguard.intake.tree import Mapping, Sequence, Tree
from keyguard.intake.venues import venue_id

_MEMBERS = (
    ("key", ("apiKey", "api_key")),
    ("secret", ("secret", "apiSecret", "api_secret")),
    ("passphrase", ("password", "passphrase")),
)
_TELLING = frozenset({"apiKey", "api_key"})
_TEST = ("sandbox", "sandboxMode", "testnet", "test")
_NAMES = ("exchange", "venue", "id", "name")


def matches(root: Tree | None) -> bool:
    """Whether some part of the file looks like an exchange's settings."""
    return any(_TELLING & section.entries.keys() for _, section in _sections(root))


def read(source: Text, root: Tree | None) -> tuple[Candidate, ...]:
    """The credentials of all exchanges; sections without one are passed over."""
    found = []
    for name, section in _sections(root):
        values, places = tree.fields(source, section, _MEMBERS)
        if not _TELLING & section.entries.keys() or not values or any(map(is_reference, values.values())):
            continue
        venue = venue_id(name)
        if not venue:
            hint = f"add one of {', '.join(_NAMES)}"
            raise malformed(
                source.path, section.line, "a credential without the name of its exchange", hint=hint
            )
        credential = assemble(values, f"{source.path}:{section.line}")
        test = any((flag := section.scalar(word)) and flag.value.lower() == "true" for word in _TEST)
        environment = Environment.TEST if test else Environment.LIVE
        label, desk = section.text("label"), section.text("desk")
        found.append(Candidate(venue, label, desk, credential, places, environment))
    return tuple(found)


def _sections(root: Tree | None, above: str = "", *, listed: bool = True) -> Iterator[tuple[str, Mapping]]:
    """All mappings with the name their exchange would have, depth first; the trees are bounded in depth.

    `listed`: the mapping stands in a list or alone, so that its own `id` or `name` says more than the name
    above it, unless that is an exchange's.
    """
    if isinstance(root, Mapping):
        own = root.text("exchange", "venue")
        if listed and above.lower() not in SLOTS:
            own = own or root.text("id", "name")
        yield own or above, root
        for name, part in root.entries.items():
            yield from _sections(part, name, listed=False)
    elif isinstance(root, Sequence):
        for part in root.items:
            yield from _sections(part, above)
