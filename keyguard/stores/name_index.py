"""The list of names, for OS keyrings that cannot be searched.

Two items take turns, because an item cannot be changed in place safely (macOS deletes, then adds). The
one with the higher generation counts; the other is the one being written, so a crash costs nothing.
A name is listed before its item is written and until after it is gone: the list may hold too many names,
never too few. The caller holds the store's lock around `add` and `remove`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from keyguard.core.errors import StoreError
from keyguard.stores.split_items import SplitItems


@dataclass(frozen=True, slots=True)
class _Turn:
    generation: int
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class NameIndex:
    """The names listed for one home."""

    items: SplitItems
    home_id: str

    def names(self) -> frozenset[str]:
        """All listed names. StoreError `store.damaged` if a turn cannot be read."""
        return self._latest().names

    def add(self, name: str) -> None:
        """List a name."""
        latest = self._latest()
        if name not in latest.names:
            self._write(_Turn(latest.generation + 1, latest.names | {name}))

    def remove(self, name: str) -> None:
        """Strike a name."""
        latest = self._latest()
        if name in latest.names:
            self._write(_Turn(latest.generation + 1, latest.names - {name}))

    def _latest(self) -> _Turn:
        # A turn that was being written is missing, not damaged: damage is never explained by a crash, and
        # the older turn alone could hold too few names.
        turns = (self._read(0), self._read(1))
        return max(
            (turn for turn in turns if turn),
            key=lambda turn: turn.generation,
            default=_Turn(0, frozenset()),
        )

    def _read(self, parity: int) -> _Turn | None:
        username = self._username(parity)
        text = self.items.read(username)
        if text is None:
            return None
        try:
            parsed = json.loads(text)
            return _Turn(int(parsed["generation"]), frozenset(map(str, parsed["names"])))
        except (ValueError, LookupError, TypeError):
            raise StoreError(
                f"the keyring item {username!a} is damaged",
                code="store.damaged",
                hint="restore it from the keyring's backup",
            ) from None

    def _write(self, turn: _Turn) -> None:
        username = self._username(turn.generation % 2)
        self.items.remove(username)
        self.items.write(username, json.dumps({"generation": turn.generation, "names": sorted(turn.names)}))

    def _username(self, parity: int) -> str:
        return f"{self.home_id}#names-{parity}"
