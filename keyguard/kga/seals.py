"""Seals (KGA/1 §6.3): what a log says of itself at one moment. They are the leaves of the seal log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from keyguard.core import canonical
from keyguard.core.slots import REGISTRY, SLOT_COUNT
from keyguard.kga import merkle

_MEMBERS = {"chain", "kind", "no", "registry", "slots", "t", "table", "v"}


@dataclass(frozen=True, slots=True)
class Seal:
    """`no` counts from 0; `chain` is the log's last chain value, `table` its slots' root; `t` is UTC."""

    no: int
    t: datetime
    chain: bytes
    table: bytes
    registry: int = REGISTRY

    def encode(self) -> bytes:
        """The canonical bytes that are hashed."""
        return canonical.encode(
            {
                "chain": self.chain.hex(),
                "kind": "seal",
                "no": self.no,
                "registry": self.registry,
                "slots": SLOT_COUNT,
                "t": canonical.format_instant(self.t),
                "table": self.table.hex(),
                "v": 1,
            }
        )

    def leaf(self) -> bytes:
        """Its hash in the seal log."""
        return merkle.leaf_hash(self.encode())


def parse(data: bytes) -> Seal:
    """Read the bytes of a seal; ValueError unless they are exactly one."""
    value = canonical.decode(data)
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        raise ValueError("the members are not those of a seal")
    if any(type(value[name]) is not int for name in ("no", "registry", "slots", "v")):
        raise ValueError("a number of the seal is none")
    if (value["kind"], value["slots"], value["v"]) != ("seal", SLOT_COUNT, 1) or value["no"] < 0:
        raise ValueError("not a seal of version 1")
    if not all(isinstance(value[name], str) for name in ("t", "chain", "table")):
        raise ValueError("a text of the seal is none")
    seal = Seal(
        value["no"],
        canonical.parse_instant(value["t"]),
        bytes.fromhex(value["chain"]),
        bytes.fromhex(value["table"]),
        value["registry"],
    )
    if len(seal.chain) != merkle.HASH_SIZE or len(seal.table) != merkle.HASH_SIZE or seal.encode() != data:
        raise ValueError("a hash of the seal is none")
    return seal
