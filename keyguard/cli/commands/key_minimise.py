"""`keyguard key minimise`: what keys may beyond need and use, and taking it away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from keyguard.cli import declared, excess_words, rotation_words, session
from keyguard.core.errors import KeyguardError, NotStored, StoreError, UsageError
from keyguard.core.exchange import Ask
from keyguard.processes import process_alive
from keyguard.workflows import minimise
from keyguard.workflows.proposal import Fix

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

    from keyguard.cli.output import Output
    from keyguard.core.keys import Key
    from keyguard.ports.all import Ports
    from keyguard.workflows.proposal import Proposal

FINDINGS = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("key", nargs="*", help="id, venue/desk/label or any unambiguous part")
    parser.add_argument("--desk", default="", metavar="D", help="the keys of a desk")
    parser.add_argument("--all", action="store_true", help="every key (for the plan)")
    parser.add_argument("--apply", action="store_true", help="narrow them, one after the other")
    parser.add_argument("--yes", action="store_true", help="with --apply: do not ask before each")
    parser.add_argument(
        "--needs", default="", metavar="SCOPE,…", help="declare what it needs; what else it may is taken away"
    )
    parser.add_argument("--ips", metavar="IP,…", help="addresses to keep, instead of those seen in use")
    parser.add_argument("--manager", default="", metavar="K", help="the key that manages the account")
    parser.add_argument("--window", default="90d", metavar="T", help="how long ago a use still counts")
    parser.add_argument(
        "--force", action="store_true", help="take away what was declared as needed or seen in use"
    )
    parser.epilog = (
        "Without --apply no venue is asked and nothing changes; exit status 1 where there is an excess.\n"
        "With it the venue is asked before and after, and both answers stand in the audit log.\n"
        "\nexample: keyguard key minimise bybit/mm/bot\n"
        "         keyguard key minimise bybit/mm/bot --needs read,trade_spot --apply"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Plan, or apply key by key; the exit status is then that of the first that failed."""
    if bool(args.key) + bool(args.desk) + args.all != 1:
        raise UsageError(
            "name keys, or a desk by --desk, or --all", code="usage", hint="keyguard key minimise --help"
        )
    if args.apply and args.all:
        raise UsageError(
            "--all is for the plan", code="usage", hint="--apply takes keys, or the keys of a --desk"
        )
    options = minimise.Options(
        needs=declared.needs(args.needs),
        ips=None if args.ips is None else tuple(filter(None, args.ips.split(","))),
        manager=args.manager,
        force=args.force,
        window=timedelta(seconds=rotation_words.seconds(args.window)),
    )
    with session.opened(args, out) as ports:
        keys = _keys(ports, args)
        if args.apply:
            return _apply(ports, keys, options, args, out)
        proposals = minimise.plan(ports, keys, options, here=session.actor().host)
    if out.json:
        out.document([excess_words.document(one) for one in proposals])
    else:
        for one in sorted(proposals, key=lambda one: one.danger, reverse=True):
            excess_words.tell(out, one)
            if one.spec is not None:
                out.talk(f"keyguard: hint: keyguard key minimise {one.key.name} --apply")
    return FINDINGS if any(one.fix is not Fix.NOTHING for one in proposals) else 0


def _keys(ports: Ports, args: argparse.Namespace) -> Sequence[Key]:
    if args.key:
        return list({key.id: key for key in map(ports.inventory.find_key, args.key)}.values())
    every = ports.inventory.keys()
    return [key for key in every if args.all or key.desk == args.desk]


def _apply(
    ports: Ports, keys: Sequence[Key], options: minimise.Options, args: argparse.Namespace, out: Output
) -> int:
    done: list[dict[str, Any]] = []
    failed: list[KeyguardError] = []
    for key in keys:
        try:
            outcome = minimise.minimise(
                ports,
                key.id,
                options,
                actor=session.actor(),
                process_alive=process_alive,
                consent=lambda proposal: _agrees(ports, proposal, args, out),
            )
        except KeyguardError as error:
            fatal = isinstance(error, StoreError) and not isinstance(error, NotStored)
            if fatal or len(keys) == 1:
                raise
            out.talk(f"keyguard: {key.name} was not narrowed: {error.message}")
            out.talk(f"keyguard: hint: {error.hint}")
            failed.append(error)
            continue
        workflow = outcome.workflow
        done.append(
            excess_words.document(outcome.proposal)
            | {"workflow": workflow.id if workflow else None, "state": workflow.state if workflow else None}
        )
        if not out.json:
            _tell(out, outcome)
    if out.json:
        out.document(done)
    return next((error.exit_status for error in failed), 0)


def _agrees(ports: Ports, proposal: Proposal, args: argparse.Namespace, out: Output) -> bool:
    """Show what will be done and ask; with --yes it is shown all the same."""
    if not out.json:
        excess_words.tell(out, proposal)
    if args.yes:
        return True
    question = Ask("consent", f"do this to {proposal.key.name}? type yes")
    return ports.person.answer(question).lower() == "yes"


def _tell(out: Output, outcome: minimise.Outcome) -> None:
    name = outcome.proposal.key.name
    if outcome.workflow is not None and outcome.workflow.kind != "minimise":
        rotation_words.tell(out, outcome.workflow, name)
    elif outcome.workflow is not None:
        out.data(f"{name}: narrowed and seen so (workflow {outcome.workflow.id[:8]})", style="green")
    elif outcome.proposal.spec is None:
        excess_words.tell(out, outcome.proposal)
    else:
        out.data(f"{name}: nothing was changed")
