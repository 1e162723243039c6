"""What others say of a checkpoint: witnesses' cosignatures and RFC 3161 time-stamps (KGA/1 §6.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from keyguard.core.errors import UsageError
from keyguard.kga import notes, timestamps
from keyguard.ports.all import Ports
from keyguard.workflows import attesters

_LOOKED_AT = 400
"""Checkpoints, from the newest, that an answer may be over: a year and more of days."""


def cosign(ports: Ports, text: str) -> list[tuple[str, int, datetime]]:
    """Keep every signature line of a declared witness in `text`, a note or the bare lines of one.

    Returns witness, size and time of each. UsageError `cosignature.unknown` where there is none: signed by
    nobody declared, or over no checkpoint of this log.
    """
    declared = [one for one in attesters.attesters(ports) if one.role == "witness"]
    witnesses = [notes.verifier_key(one.public_key) for one in declared]
    lines = [line + "\n" for line in text.splitlines() if line.startswith("\N{EM DASH} ")]
    taken = []
    for size, head in _heads(ports):
        for line in lines:
            seen = _seen(head, line, witnesses)
            if seen is not None:
                ports.seals.cosign(size, line)
                taken.append((seen[0], size, seen[1]))
    if not taken:
        raise UsageError(
            "no line in it is a declared witness's signature over a checkpoint of this log",
            code="cosignature.unknown",
            still="nothing was stored",
            hint="keyguard signer add --role witness, with the witness's verifier key",
        )
    return taken


def stamp(ports: Ports, reply: bytes, roots: Sequence[bytes]) -> tuple[int, datetime]:
    """Keep a time-stamp over the three lines of a checkpoint; return its size and when it was seen.

    `roots` are the authority's certificates in PEM. UsageError `timestamp.unknown` where it is over none.
    """
    why = "there is no checkpoint yet"
    for size, head in _heads(ports):
        try:
            at = timestamps.seen_at(reply, head.encode(), roots)
        except ValueError as error:
            why = str(error)
            continue
        ports.seals.stamp(size, reply)
        return size, at
    raise UsageError(
        f"it is no time-stamp over a checkpoint of this log: {why}",
        code="timestamp.unknown",
        still="nothing was stored",
    )


def _heads(ports: Ports) -> Iterator[tuple[int, str]]:
    """Size and the three lines of each checkpoint, newest first."""
    newest = ports.seals.checkpoint()
    size = 0 if newest is None else newest[0]
    for one in range(size, max(size - _LOOKED_AT, 0), -1):
        if (found := ports.seals.checkpoint(one)) is not None:
            yield one, notes.parse(found[1]).text


def _seen(head: str, line: str, witnesses: Sequence[notes.VerifierKey]) -> tuple[str, datetime] | None:
    try:
        note = notes.parse(f"{head}\n{line}")
    except ValueError:
        return None
    for witness in witnesses:
        if (time := note.cosigned_at(witness)) is not None:
            return witness.name, datetime.fromtimestamp(time, UTC)
    return None
