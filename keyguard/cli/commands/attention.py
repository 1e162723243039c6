"""`keyguard attention`: what needs a person now, the worst first, each with the command that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import finding_words, session
from keyguard.workflows import alerting, findings

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output

FINDINGS = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "Asks no venue: `keyguard key inspect --all` does. Exit status 1 if there is anything.\n\n"
        "example: keyguard attention --json"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Look at what is stored, and print what is open."""
    with session.opened(args, out) as ports:
        found = findings.attention(ports)
        missed = alerting.undelivered(ports)
    if out.json:
        out.document(
            {
                "findings": [finding_words.document(finding) for finding in found],
                "undelivered": [{"finding": s.alert.subject, "channels": list(s.missed)} for s in missed],
            }
        )
    else:
        for finding in found:
            finding_words.tell(out, finding)
        for said in missed:
            out.data(f"alert of {said.alert.subject} not taken by {', '.join(said.missed)}", "yellow")
            out.data(f"        keyguard alert test {' '.join(said.missed)}")
    return FINDINGS if found or missed else 0
