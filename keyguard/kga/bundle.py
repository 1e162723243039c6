"""From the parts of the evidence to the entries of a bundle (KGA/1 §3), and back to parts.

Entries below `logs/` are the proof: a log's seal, that it is in the log, and the opened streams.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keyguard.core import canonical
from keyguard.kga import merkle, private_parts
from keyguard.kga.verdict import Malformed

STATEMENT = "statement.dsse.json"
RENDERINGS = "renderings.dsse.json"
DERIVED = "derived.json"
ANCHORS = "anchors/"
READING = "reading/"
EVIDENCE = "evidence/"

_LOG_FILES = frozenset(("seal.json", "seal.tlog-proof", "seals.json", "seal_secret.json"))
_STREAM_FILES = ("slot.json", "slot.proof.json", "frontier.json", "records.jsonl", private_parts.FILE)

WITHHELD_CODES = ("legal_hold", "third_party_secret", "personal_data")


@dataclass(frozen=True, slots=True)
class StreamPart:
    """One opened stream: its slot (canonical bytes) with the path to the seal's table, the frontier at
    `start`, and the lines from there on: records, or withheld leaves. `private`: for an auditor, the private
    parts of these records."""

    slot: bytes
    path: tuple[bytes, ...]
    start: int
    frontier: tuple[bytes, ...]
    lines: tuple[bytes, ...]
    private: tuple[private_parts.Opening, ...] = ()

    def entries(self, folder: str) -> dict[str, bytes]:
        """Its files."""
        made = {
            f"{folder}/slot.json": self.slot,
            f"{folder}/slot.proof.json": canonical.encode({"path": _hexes(self.path)}),
            f"{folder}/frontier.json": canonical.encode(
                {"from": self.start, "frontier": _hexes(self.frontier)}
            ),
            f"{folder}/records.jsonl": b"".join(line + b"\n" for line in self.lines),
        }
        if self.private:
            made[f"{folder}/{private_parts.FILE}"] = b"".join(one.line() + b"\n" for one in self.private)
        return made


@dataclass(frozen=True, slots=True)
class LogPart:
    """What a bundle shows of one log. `proof` is the text of a tlog-proof; `seals_from` and `seals_frontier`
    are where the seal log stood at the previous attestation, `seal_leaves` all leaf hashes since.

    `streams` by folder: `venue` and `firm`; for an auditor each stream under its own name.
    """

    log_id: str
    seal: bytes
    proof: str
    seals_from: int
    seals_frontier: tuple[bytes, ...]
    seal_leaves: tuple[bytes, ...]
    streams: Mapping[str, StreamPart] = field(default_factory=dict)
    seal_secret: bytes | None = None

    def entries(self) -> dict[str, bytes]:
        """Its files."""
        folder = f"logs/{self.log_id}"
        seals = {
            "from": self.seals_from,
            "frontier": _hexes(self.seals_frontier),
            "leaves": _hexes(self.seal_leaves),
        }
        made = {
            f"{folder}/seal.json": self.seal,
            f"{folder}/seal.tlog-proof": self.proof.encode(),
            f"{folder}/seals.json": canonical.encode(seals),
        }
        if self.seal_secret is not None:
            made[f"{folder}/seal_secret.json"] = canonical.encode({"seal_secret": self.seal_secret.hex()})
        for name, stream in self.streams.items():
            made |= stream.entries(f"{folder}/{name}")
        return made


def withheld_line(leaf: bytes, why: str) -> bytes:
    """The line that stands for a record which is not disclosed."""
    if why not in WITHHELD_CODES:
        raise ValueError(f"no reason to withhold a record: {why}")
    return canonical.encode({"leaf": leaf.hex(), "why": why})


def logs_of(entries: Mapping[str, bytes]) -> list[LogPart]:
    """Read all logs back, by id; Malformed where a file is missing or is not what it should be."""
    ids = sorted({name.split("/")[1] for name in entries if name.startswith("logs/")})
    return [_log(entries, log_id) for log_id in ids]


def split(data: bytes) -> tuple[bytes, ...]:
    """The lines of `records.jsonl`; Malformed where the last has no end."""
    if not data:
        return ()
    if not data.endswith(b"\n"):
        raise Malformed("the last record is cut short")
    return tuple(data[:-1].split(b"\n"))


def withheld(line: bytes) -> tuple[bytes, str] | None:
    """The leaf and the reason of a withheld line; None for a record's. Malformed for neither."""
    if not line.startswith(b'{"leaf":'):
        return None
    value = _canonical(line, "a withheld line")
    if value.keys() != {"leaf", "why"} or value["why"] not in WITHHELD_CODES:
        raise Malformed("a withheld line has not its two members, or an unknown reason")
    return _hash(value["leaf"], "a withheld leaf"), value["why"]


def _log(entries: Mapping[str, bytes], log_id: str) -> LogPart:
    folder = f"logs/{log_id}/"
    seals = _canonical(_need(entries, folder + "seals.json"), "seals.json")
    if seals.keys() != {"from", "frontier", "leaves"} or type(seals["from"]) is not int:
        raise Malformed("seals.json has not its three members")
    inside = {name.removeprefix(folder) for name in entries if name.startswith(folder)}
    streams = {name.split("/")[0] for name in inside if "/" in name}
    if odd := inside - _LOG_FILES - {f"{stream}/{name}" for stream in streams for name in _STREAM_FILES}:
        raise Malformed(f"{folder}{min(odd)} has no place there")
    secret = entries.get(folder + "seal_secret.json")
    try:
        proof = _need(entries, folder + "seal.tlog-proof").decode()
    except UnicodeDecodeError:
        raise Malformed("seal.tlog-proof is not text") from None
    return LogPart(
        log_id=log_id,
        seal=_need(entries, folder + "seal.json"),
        proof=proof,
        seals_from=seals["from"],
        seals_frontier=hashes(seals["frontier"], "seals.json"),
        seal_leaves=hashes(seals["leaves"], "seals.json"),
        streams={name: _stream(entries, folder + name) for name in sorted(streams)},
        seal_secret=None if secret is None else _secret(secret),
    )


def _stream(entries: Mapping[str, bytes], folder: str) -> StreamPart:
    path = _canonical(_need(entries, f"{folder}/slot.proof.json"), "slot.proof.json")
    frontier = _canonical(_need(entries, f"{folder}/frontier.json"), "frontier.json")
    if (
        path.keys() != {"path"}
        or frontier.keys() != {"from", "frontier"}
        or type(frontier["from"]) is not int
    ):
        raise Malformed(f"{folder}: the slot's proof or the frontier has other members")
    private = entries.get(f"{folder}/{private_parts.FILE}")
    return StreamPart(
        slot=_need(entries, f"{folder}/slot.json"),
        path=hashes(path["path"], "slot.proof.json"),
        start=frontier["from"],
        frontier=hashes(frontier["frontier"], "frontier.json"),
        lines=split(_need(entries, f"{folder}/records.jsonl")),
        private=() if private is None else private_parts.parse(private),
    )


def _secret(data: bytes) -> bytes:
    value = _canonical(data, "seal_secret.json")
    if value.keys() != {"seal_secret"}:
        raise Malformed("seal_secret.json has other members")
    return _hash(value["seal_secret"], "seal_secret.json")


def _need(entries: Mapping[str, bytes], name: str) -> bytes:
    try:
        return entries[name]
    except KeyError:
        raise Malformed(f"{name} is missing") from None


def _canonical(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = canonical.decode(data)
    except ValueError as error:
        raise Malformed(f"{what}: {error}") from None
    if not isinstance(value, dict):
        raise Malformed(f"{what} is not an object")
    return value


def hashes(value: Any, what: str) -> tuple[bytes, ...]:
    """A list of hashes, as JSON has it; Malformed for anything else."""
    if not isinstance(value, list):
        raise Malformed(f"{what}: not a list of hashes")
    return tuple(_hash(one, what) for one in value)


def _hash(value: Any, what: str) -> bytes:
    if not isinstance(value, str) or len(value) != 2 * merkle.HASH_SIZE or value != value.lower():
        raise Malformed(f"{what}: not a hash")
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise Malformed(f"{what}: not a hash") from None


def _hexes(hashes: Iterable[bytes]) -> Sequence[str]:
    return [one.hex() for one in hashes]
