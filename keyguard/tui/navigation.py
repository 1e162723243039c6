"""Which screens there are: the one table that keys, tabs, the palette and the help are made from."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyguard.tui.page import Page


@dataclass(frozen=True, slots=True)
class Place:
    """A screen. `key` leads there from everywhere; `places.<name>` and `places.<name>_help` are its texts.

    Its class is `screen` of the module `keyguard.tui.screens.<name>`, loaded when somebody first goes there.
    """

    name: str
    key: str
    screen: str

    def make(self) -> Page:
        """A new screen."""
        module = import_module(f"keyguard.tui.screens.{self.name}")
        made: Page = getattr(module, self.screen)()
        return made


PLACES = (
    Place("home", "1", "HomeScreen"),
    Place("keys", "2", "KeysScreen"),
    Place("rotations", "3", "RotationsScreen"),
    Place("findings", "4", "FindingsScreen"),
    Place("people", "5", "PeopleScreen"),
    Place("radar", "6", "RadarScreen"),
    Place("log", "7", "LogScreen"),
    Place("attest", "8", "AttestScreen"),
    Place("reviews", "9", "ReviewsScreen"),
    Place("incidents", "0", "IncidentsScreen"),
    Place("panic", "exclamation_mark", "PanicScreen"),
)
"""In the order of the tabs."""

NAMES = frozenset(place.name for place in PLACES)

NEW = "new "
"""A target of the incidents that begins so asks for a new one: about the key or the finding of this id."""
