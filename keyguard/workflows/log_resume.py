"""Sign again after a restore: an operator shows that what the log signed before is all here (KGA/1 §6.3)."""

from __future__ import annotations

from keyguard.core.canonical import format_instant
from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.people import Action
from keyguard.core.slots import FIRM
from keyguard.kga import checkpoints, merkle, notes
from keyguard.kga.seals import parse as parse_seal
from keyguard.ports.all import Ports
from keyguard.ports.seals import KeptSeal
from keyguard.workflows import approvals, backup, log_key
from keyguard.workflows.authority import demand_admin
from keyguard.workflows.identity import Actor
from keyguard.workflows.log_key import LogKey


def resume(ports: Ports, held: str | None, *, actor: Actor, why: str = "") -> int:
    """Record that the log goes on from the newest checkpoint that anybody holds; return that one's size.

    `held` is its signed note; None says that no checkpoint was ever given away. Where rights are enforced a
    second person agrees first, to this checkpoint: that nobody holds a newer one is the firm's word.
    Raises UsageError `checkpoint.foreign` for a note this log did not sign, `rights.not_admin`,
    `approval.needed`, `approval.waits`; IntegrityError `log.forked` where the log is not the one that signed
    it, `log.short` where it ends before it. Then only a new log can sign.
    """
    last = ports.seals.last()
    key = log_key.log_key(ports, last)
    size, root = (0, merkle.EMPTY_ROOT) if held is None else _read(held, key)
    _demand(last, size, root, ports)
    remembered = log_key.signed(ports, key.log_id)
    if remembered is not None:
        _demand(last, remembered[0], bytes.fromhex(remembered[1]), ports)
    demand_admin(ports, actor)
    shown = "none" if held is None else f"{size} {root.hex()}"
    about = {"change": "resume", "log": key.log_id, "checkpoint": shown}
    what = "let this log sign again"
    approvals.require_for_firm(ports, Action.LOG, what, actor=actor, why=why, about=about)
    ports.audit.append(FIRM, "log.restore", _body(ports, last, size, root))
    signed = ports.seals.checkpoint()
    if signed is not None and (remembered is None or remembered[0] < signed[0]):
        log_key.remember(ports, key.log_id, signed[0], ports.seals.seal(signed[0] - 1).tree.root())
    return size


def _read(held: str, key: LogKey) -> tuple[int, bytes]:
    try:
        note = notes.parse(held)
        head = checkpoints.parse(note.text)
    except ValueError:
        raise _foreign("this is no signed checkpoint") from None
    if head.origin != key.origin or not note.signed_by(key.public):
        raise _foreign("this checkpoint was not signed by this log")
    return head.size, head.root


def _demand(last: KeptSeal | None, size: int, root: bytes, ports: Ports) -> None:
    """The first `size` seals are here, and have this root."""
    here = 0 if last is None else last.no + 1
    if size > here:
        raise IntegrityError(
            f"{size} seals were signed, this log has {here}",
            code="log.short",
            still="nothing was changed; records are written, nothing is signed",
            hint="put a newer copy back: what was signed cannot be signed again in another way",
        )
    found = ports.seals.seal(size - 1).tree.root() if size else merkle.EMPTY_ROOT
    if found != root:
        raise IntegrityError(
            f"the first {size} seals are not those that were signed",
            code="log.forked",
            still="nothing was changed; records are written, nothing is signed",
            hint="keep both copies; one of them is not this log",
        )


def _body(ports: Ports, last: KeptSeal | None, size: int, root: bytes) -> dict[str, object]:
    """As the restore told of itself; where none did (a copy put back by hand), as the last seal has it."""
    told = {"seals": size, "whole": True} | ({"root": root.hex()} if size else {})
    restored = backup.restorations(ports.audit)
    if restored:
        return restored[-1].told() | told
    return {
        "backup": f"bk_{ports.clock.token(8).hex()}",
        "made_at": format_instant(ports.clock.now() if last is None else parse_seal(last.data).t),
        "records": 0 if last is None else last.records,
        "chain": (merkle.EMPTY_ROOT if last is None else parse_seal(last.data).chain).hex(),
    } | told


def _foreign(what: str) -> UsageError:
    return UsageError(
        what,
        code="checkpoint.foreign",
        still="nothing was changed",
        hint="the whole note is needed, with its signature lines: keyguard log checkpoint --note",
    )
