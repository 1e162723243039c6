"""`keyguard incident notify`: alerts to the desk; a text for a venue or counsel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import incident_words, people_words, session
from keyguard.core.alerts import Manners
from keyguard.core.errors import StoreError, UsageError
from keyguard.core.incidents import Step
from keyguard.workflows import alerting, channels, findings, incident_items, incidents, notice

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.core.incidents import Incident
    from keyguard.ports.all import Ports


DESK = "desk"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    incident_words.incident_argument(parser)
    parser.add_argument("--to", required=True, metavar="WHOM", help="desk, counsel, or a venue's id")
    parser.add_argument(
        "--sent", metavar="AT", help=f"note that the text was sent: now, or {incident_words.AT_HELP}"
    )
    parser.epilog = (
        "desk: sends the alerts that are due, quiet hours or not. A venue, counsel: prints a text of facts\n"
        "on record, without secrets, for a person to send; --sent notes that it was.\n"
        "\nexample: keyguard incident notify in_5c1f --to upbit > notice.txt\n"
        "         keyguard incident notify in_5c1f --to upbit --sent now"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Send, print or note."""
    with session.opened(args, out) as ports:
        incident = ports.incidents.find(args.incident)
        if args.to == DESK:
            return incident_words.tell(out, _alert(args, ports, incident))
        if args.to != notice.COUNSEL and args.to not in incident.venues:
            raise UsageError(
                f"{args.to} is not concerned by {incident.id}",
                code="incident.venue",
                still="nothing was written",
                hint="one of " + ", ".join((DESK, notice.COUNSEL, *incident.venues)),
            )
        if args.sent is not None:
            at = None if args.sent == "now" else people_words.start(args.sent)
            whom = "counsel" if args.to == notice.COUNSEL else "the venue"
            incident = incidents.add_event(
                ports, incident.id, Step.NOTIFIED, whom, actor=session.actor(), at=at
            )
            return incident_words.tell(out, incident)
        text = notice.text(ports, incident, args.to)
    if out.json:
        out.document({"incident": incident.id, "to": args.to, "text": text})
    else:
        out.block(text)
    return 0


def _alert(args: argparse.Namespace, ports: Ports, incident: Incident) -> Incident:
    """Send what is due; UsageError `alert.none` without a channel, StoreError where none took it."""
    from keyguard.gateway.apprise_messenger import AppriseMessenger  # noqa: PLC0415 - only where it is used

    if not channels.channels(ports.secrets):
        raise UsageError("there is no channel", code="alert.none", hint="keyguard alert add desk-chat")
    findings.refresh(ports)
    alerting.tell(ports, AppriseMessenger(), Manners())
    about = incident_items.item(incident).id
    if not any(said.alert.subject == about and said.told.times for said in ports.findings.said()):
        raise StoreError(
            "no channel took the alert",
            code="alert.undelivered",
            still="nobody was told; the daemon tries again",
            hint="keyguard alert test",
        )
    return incidents.add_event(ports, incident.id, Step.NOTIFIED, "the desk", actor=session.actor())
