"""The 1,024 slots of a seal (KGA/1 §6.2): one place for every venue, opened one by one.

Salts are drawn anew for each seal: who is shown one slot learns nothing of the others, not even whether
they are used.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keyguard.core import canonical
from keyguard.core.slots import SLOT_COUNT as SLOT_COUNT
from keyguard.core.slots import SLOTS, slot
from keyguard.kga import merkle

UNNAMED = "-"
"""The stream name of a slot that no venue has yet."""

_NAMES = {number: name for name, number in SLOTS.items()}
_HEX64 = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Slot:
    """One opened slot: the stream in it, how many records it holds, their root; `salt` hides it elsewhere."""

    number: int
    stream: str
    size: int
    root: bytes
    salt: bytes

    def encode(self) -> bytes:
        """The canonical bytes that are hashed."""
        return canonical.encode(
            {
                "root": self.root.hex(),
                "salt": self.salt.hex(),
                "size": self.size,
                "slot": self.number,
                "stream": self.stream,
                "v": 1,
            }
        )

    def leaf(self) -> bytes:
        """Its hash in the slot tree."""
        return merkle.leaf_hash(self.encode())


def parse(data: bytes) -> Slot:
    """Read the bytes of a slot; ValueError unless they are exactly one, its name that of its number."""
    value = canonical.decode(data)
    if not isinstance(value, dict) or value.keys() != {"root", "salt", "size", "slot", "stream", "v"}:
        raise ValueError("the members are not those of a slot")
    if any(type(value[name]) is not int for name in ("size", "slot", "v")) or value["v"] != 1:
        raise ValueError("a slot's size, number or version is not of version 1")
    if not 0 <= value["slot"] < SLOT_COUNT or value["size"] < 0:
        raise ValueError("no such slot")
    if value["stream"] != stream_at(value["slot"], value["stream"]):
        raise ValueError(f"slot {value['slot']} does not belong to {value['stream']!r}")
    return Slot(value["slot"], value["stream"], value["size"], _hash(value, "root"), _hash(value, "salt"))


def stream_at(number: int, said: Any = None) -> str:
    """The name that stands in a slot of the public table; places of local venues may be named or not."""
    local = f"local-{number}"
    if said == local and number == _local(local):
        return local
    return _NAMES.get(number, UNNAMED)


def salt(seal_secret: bytes, number: int) -> bytes:
    """The salt of one slot of one seal."""
    return hmac.new(seal_secret, b"keyguard/slot/v1\n" + str(number).encode(), hashlib.sha256).digest()


class SlotTable:
    """All slots of one seal, and the tree over them."""

    def __init__(self, streams: Mapping[str, tuple[int, bytes]], seal_secret: bytes) -> None:
        """Lay out the table. `streams`: size and root by stream name; ValueError for one without a slot."""
        used = {slot(name): (name, size, root) for name, (size, root) in streams.items()}
        self.slots = tuple(
            Slot(number, name, size, root, salt(seal_secret, number))
            for number in range(SLOT_COUNT)
            for name, size, root in [used.get(number, (stream_at(number), 0, merkle.EMPTY_ROOT))]
        )
        self._leaves = [one.leaf() for one in self.slots]

    def root(self) -> bytes:
        """What the seal commits to."""
        return merkle.root(self._leaves)

    def path(self, number: int) -> tuple[bytes, ...]:
        """The 10 hashes that prove one slot."""
        return merkle.path(self._leaves, number)


def _local(name: str) -> int | None:
    try:
        return slot(name)
    except ValueError:
        return None


def _hash(value: dict[str, Any], member: str) -> bytes:
    text = value[member]
    if not isinstance(text, str) or len(text) != 2 * merkle.HASH_SIZE or not _HEX64.issuperset(text):
        raise ValueError(f"{member} is not a hash")
    return bytes.fromhex(text)
