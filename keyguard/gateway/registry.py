"""Finds adapters by the venue's id.

An adapter runs beside secrets, so nothing is loaded because it happens to be installed: bundled ones come
from our own list, foreign ones only when the home's configuration names them.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from importlib import import_module
from typing import Any

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Adapter
from keyguard_adapters import NAMES

GROUP = "keyguard.adapters"


def names(foreign: Collection[str] = ()) -> tuple[str, ...]:
    """Return the ids that `load` accepts, sorted."""
    return tuple(sorted({*NAMES, *foreign}))


def check(name: str, foreign: Collection[str] = ()) -> None:
    """Raise UsageError `venue.unknown`, with the names that exist, unless `load` would look for it."""
    known = names(foreign)
    if name in known:
        return
    close = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise UsageError(
        f"no venue is called {name!r}",
        code="venue.unknown",
        still="nothing was sent",
        hint=f"{hint}known venues: {', '.join(known)}",
    )


def load(name: str, foreign: Collection[str] = ()) -> Adapter:
    """Return the adapter of a venue; `foreign` are the ids the home's configuration allows beside ours.

    A bundled adapter cannot be replaced by a foreign one of the same name. Raises UsageError
    `venue.unknown`, or `venue.broken` when a foreign adapter is missing, ambiguous or no adapter.
    """
    check(name, foreign)
    found = import_module(f"keyguard_adapters.{name}").ADAPTER if name in NAMES else _foreign(name)
    if not isinstance(found, Adapter) or found.facts.id != name:
        raise _broken(name, f"what is installed as {name!r} is not the adapter of that venue")
    return found


def _foreign(name: str) -> Any:
    from importlib.metadata import entry_points  # noqa: PLC0415 - 40 ms that only foreign adapters cost

    found = tuple(entry_points(group=GROUP, name=name))
    if len(found) != 1:
        how_many = "no installed package offers" if not found else "more than one installed package offers"
        raise _broken(name, f"{how_many} an adapter for {name!r}")
    try:
        return found[0].load()
    except (ImportError, AttributeError) as error:
        reason = type(error).__name__
    raise _broken(name, f"the adapter for {name!r} cannot be loaded ({reason})")


def _broken(name: str, message: str) -> UsageError:
    return UsageError(
        message,
        code="venue.broken",
        still="nothing was sent",
        hint=f"install the package with the adapter, or take {name!r} out of the configuration",
    )
