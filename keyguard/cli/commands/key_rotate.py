"""`keyguard key rotate`: a new version, the old one proven dead; of one key, several, a desk or all due."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keyguard import home
from keyguard.cli import declared, due_words, rotation_words, sealing, session
from keyguard.core.due import Due, RotationPolicy
from keyguard.core.errors import UsageError
from keyguard.processes import process_alive
from keyguard.workflows.due import due_keys
from keyguard.workflows.plan import REASONS
from keyguard.workflows.rotate import OVERLAP_S, Options, rotate
from keyguard.workflows.rotate_each import rotate_all

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.core.keys import Key
    from keyguard.ports.all import Ports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("keys", nargs="*", metavar="key", help="id, venue/desk/label or any unambiguous part")
    parser.add_argument("--desk", metavar="D", help="all keys of this desk; with --due those that are due")
    parser.add_argument("--due", action="store_true", help="what is due by the policy, worst first")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be rotated and why")
    parser.add_argument("--manager", default="", metavar="K", help="the key that manages the account")
    parser.add_argument("--reason", metavar="R", help=", ".join(REASONS))
    parser.add_argument("--overlap", metavar="T", help="how long processes with the old key may run on (10m)")
    parser.add_argument(
        "--needs", default="", metavar="SCOPE,…", help="declare what it needs; the new version gets no more"
    )
    parser.add_argument(
        "--ips",
        metavar="IP,…",
        help="addresses of the new version, where the venue does not tell those of the old",
    )
    parser.epilog = (
        "Killed or cut off, it goes on with `keyguard workflow resume`. Where the venue offers no key\n"
        "management by API it guides you through the venue's page and proves both keys afterwards.\n"
        "Several keys are rotated one after the other; one that fails does not keep the others waiting.\n"
        "\nexample: keyguard key rotate bybit/mm/bot --reason leak\n"
        "         keyguard key rotate --due --dry-run"
    )


@dataclass(frozen=True, slots=True)
class _Wanted:
    key: Key
    options: Options
    due: Due | None = None


def run(args: argparse.Namespace, out: Output) -> int:
    """Rotate; every error after the first effect names the workflow to resume. The exit status of several is
    that of the first that failed."""
    _check(args)
    options = Options(
        overlap_s=OVERLAP_S if args.overlap is None else rotation_words.seconds(args.overlap),
        reason=args.reason or "schedule",
        manager=args.manager,
        needs=declared.needs(args.needs),
        ips=None if args.ips is None else tuple(filter(None, args.ips.split(","))),
    )
    policy = home.rotation_policy(session.home_of(args).read().rotation) or RotationPolicy()
    with session.opened(args, out) as ports:
        if len(args.keys) == 1 and not args.dry_run:
            key = ports.inventory.find_key(args.keys[0])
            workflow = rotate(ports, key.id, options, actor=session.actor(), process_alive=process_alive)
            sealing.seal_soon(ports, out)
            rotation_words.tell(out, workflow, key.name)
            return 0
        wanted = _due(ports, policy, args, options) if args.due else _named(ports, args, options)
        if args.dry_run:
            due_words.tell(out, [one.key for one in wanted], [one.due for one in wanted if one.due])
            return 0
        if args.due and not out.json:
            due_words.tell(out, [one.key for one in wanted], [one.due for one in wanted if one.due])
        rotations = rotate_all(
            ports,
            ((one.key, one.options) for one in wanted if not (one.due and one.due.workflow)),
            actor=session.actor(),
            process_alive=process_alive,
        )
        sealing.seal_soon(ports, out)
    due_words.tell_done(out, rotations)
    return next((error.exit_status for error in rotations.failed.values()), 0)


def _check(args: argparse.Namespace) -> None:
    if args.due and args.keys:
        raise UsageError("--due finds the keys itself", code="usage", hint="narrow it with --desk")
    if not (args.due or args.keys or args.desk):
        raise UsageError(
            "which keys?", code="usage", hint="name some, or --desk D, or --due; see `keyguard key list`"
        )
    if args.keys and args.desk:
        raise UsageError("name keys or a desk, not both", code="usage")
    several = args.due or args.desk or len(args.keys) > 1
    if several and (args.needs or args.ips is not None):
        raise UsageError("--needs and --ips are for one key", code="usage", hint="rotate it alone")


def _due(
    ports: Ports, policy: RotationPolicy, args: argparse.Namespace, options: Options
) -> tuple[_Wanted, ...]:
    """What is due, each for its own reason and with the policy's overlap unless the command says others."""
    found = []
    for one in due_keys(ports, policy, desk=args.desk or ""):
        own = replace(
            options,
            reason=args.reason or one.why,
            overlap_s=one.overlap_s if args.overlap is None else options.overlap_s,
        )
        found.append(_Wanted(one.key, own, one))
    return tuple(found)


def _named(ports: Ports, args: argparse.Namespace, options: Options) -> tuple[_Wanted, ...]:
    """The named keys as they are named; a desk's with those that manage others last."""
    if args.keys:
        keys = {key.id: key for key in map(ports.inventory.find_key, args.keys)}
        return tuple(_Wanted(key, options) for key in keys.values())
    keys_of_desk = due_words.of_desk(ports, args.desk)
    if not keys_of_desk:
        raise UsageError(f"desk {args.desk} has no key in use", code="key.unknown", hint="keyguard key list")
    return tuple(_Wanted(key, options) for key in keys_of_desk)
