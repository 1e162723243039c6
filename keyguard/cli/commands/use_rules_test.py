"""`keyguard use-rules test`: what the rules on use would have done, by the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import people_words, session, views
from keyguard.workflows import use_rehearsal

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.workflows.use_rehearsal import Rehearsal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--since", metavar="D", help=f"judge hand-outs from then on; {people_words.DATE_HELP}"
    )
    parser.epilog = "example: keyguard use-rules test --since 2026-11-01"


def run(args: argparse.Namespace, out: Output) -> int:
    """Judge the log's hand-outs and change nothing; 1 if one would have been blocked."""
    since = people_words.start(args.since)
    with session.opened(args, out) as ports:
        told = use_rehearsal.Rehearsal([])
        if ports.uses is not None:
            told = use_rehearsal.rehearse(ports, ports.uses, since)
    if out.json:
        out.document(_document(told))
    else:
        _print(told, out)
    return 1 if told.blocked else 0


def _print(told: Rehearsal, out: Output) -> None:
    if not told.tallies:
        out.talk("keyguard: no rules on use; [[use_rule]] tables in config.toml make some")
        return
    for tally in told.tallies:
        does = tally.rule.action.name.lower()
        out.data(f"{tally.rule.name}: {does}, {tally.hits} of {told.judged} hand-outs", style="bold")
        for one in tally.examples:
            out.data(f"  {one.at:%Y-%m-%d %H:%M:%S} UTC  {one.who} used {one.key} {one.words}")
    passed = told.judged - told.blocked - told.approvals
    out.data(f"together: {told.blocked} blocked, {told.approvals} held for approval, {passed} handed out")
    if told.unknown:
        out.talk(
            f"keyguard: {told.unknown} hand-outs were of keys that are gone; no rule was asked about them"
        )


def _document(told: Rehearsal) -> dict[str, object]:
    return {
        "judged": told.judged,
        "blocked": told.blocked,
        "approvals": told.approvals,
        "unknown_keys": told.unknown,
        "rules": [
            {
                "name": tally.rule.name,
                "kind": tally.rule.kind,
                "action": tally.rule.action.name.lower(),
                "hits": tally.hits,
                "examples": [
                    {"at": views.instant(one.at), "key": one.key, "who": one.who, "what": one.words}
                    for one in tally.examples
                ],
            }
            for tally in told.tallies
        ],
    }
