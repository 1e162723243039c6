"""`keyguard attest`: signed evidence of who could use which key, for a venue or an auditor."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import agents, attesting, session
from keyguard.core.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.home import Config
    from keyguard.ports.all import Ports
    from keyguard.workflows.agents import Copies
    from keyguard.workflows.attest import Made, Run
    from keyguard.workflows.attest_config import AttestConfig
    from keyguard.workflows.attest_predicate import Recipient

KINDS = ("exchange", "auditor", "issuer", "bank", "other")
LANGUAGES = {"ko,en": "ko", "en,ko": "en"}
_NONCE = 128


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--venue", action="append", default=[], metavar="V", help="for whom; again for more")
    parser.add_argument("--from", dest="since", default="", metavar="D", help="the first day")
    parser.add_argument(
        "--to", dest="until", default="now", metavar="D", help="the last day, included; or now"
    )
    parser.add_argument("--profile", choices=("venue", "auditor", "summary"), default="venue")
    parser.add_argument("--kind", choices=KINDS, help="who gets an auditor's or a summary's file")
    parser.add_argument("--recipient", default="", metavar="NAME", help="how the recipient is called")
    parser.add_argument("--lang", choices=LANGUAGES, help="which language stands first in reading copies")
    parser.add_argument("--no-copies", action="store_true", help="no PDF, XLSX and CSV to read")
    parser.add_argument("--nonce", metavar="TEXT", help="the question that the recipient asked")
    parser.add_argument(
        "--reservation",
        action="append",
        default=[],
        metavar="TEXT",
        help="the officer's words; again for more",
    )
    for name in ("officer", "title", "preparer"):
        parser.add_argument(f"--{name}", default="", metavar='"LATIN / LOCAL"', help="else by [attest]")
    attesting.add_signers(parser, several=True)
    attesting.add_pades(parser)
    attesting.add_documents(parser)
    parser.add_argument("--name", action="append", default=[], metavar="P", help="disclose a person's name")
    parser.add_argument("--name-purpose", default="", metavar="TEXT", help="why names are disclosed")
    parser.add_argument("--name-basis", default="", metavar="TEXT", help="on which legal basis")
    parser.add_argument(
        "--row",
        action="append",
        default=[],
        metavar="K",
        help="a key whose row a summary shows; again for more",
    )
    parser.add_argument("--again", action="store_true", help="earlier ones may be about the same time")
    parser.add_argument("--last-seal", action="store_true", help="the newest seal, as witnesses saw it")
    parser.add_argument("--reinstatement", metavar="K", help="for a key the venue ended: the days around it")
    parser.add_argument("--explanation", default="", metavar="TEXT", help="of what led to that")
    parser.add_argument("--days", type=int, default=30, metavar="N", help="how many days before it (30)")
    parser.add_argument("--negative", action="store_true", help="that there is nothing about the venue")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where the files go")
    parser.epilog = (
        "Days are those of [attest] tz in config.toml (Asia/Seoul). docs/attest.md tells the whole way.\n\n"
        "example: keyguard attest --venue upbit --from 2026-07-01 --to 2026-09-30 "
        "--signer kim.attester -o out"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Make, check, record, hand over."""
    from keyguard.attestations import Finishing  # noqa: PLC0415 - not before the arguments are read
    from keyguard.stores.attestations import AttestationFolder  # noqa: PLC0415 - as above
    from keyguard.workflows.attest import attest  # noqa: PLC0415 - as above

    _check(args)
    attesting.demand_folder(args.output)
    viewers = attesting.pades(args)
    home = session.home_of(args)
    config = home.read()
    with session.opened(args, out) as ports:
        copies = agents.copies(home)
        wanted = _run(args, config, ports, copies)
        kept, waiting = AttestationFolder(home.attestations), AttestationFolder(home.attestations / "waiting")
        finish = Finishing(home, ports, LANGUAGES.get(args.lang or ""), not args.no_copies, viewers)
        made = attest(ports, wanted, kept, waiting, finish, actor=session.actor(), copies=copies)
    tell(made, args.output, out)
    return 0


def tell(made: list[Made], folder: Path, out: Output) -> None:
    """Offer the files that are complete, and say what became of each."""
    told = []
    for one in made:
        path = attesting.offer(one.id, one.data, folder) if one.complete else None
        told.append(
            {
                "attestation_id": one.id,
                "serial": one.predicate["serial"],
                "statement_sha256": one.sha256,
                "file": str(path) if path else None,
                "complete": one.complete,
                "reservations": one.predicate["reservations"],
            }
        )
        if out.json:
            continue
        if path is None:
            out.data(
                f"{one.id} waits for a second signature: keyguard attest sign {one.id} --signer FILE -o DIR"
            )
            continue
        out.data(f"{path}", "bold")
        out.data(f"  statement  {one.sha256}")
        out.data(f"  {one.predicate['recipient']['name']}, serial {one.predicate['serial']}: verified")
        for text in one.predicate["reservations"]:
            out.data(f"  reservation: {text}")
    if out.json:
        out.document(told)


def _check(args: argparse.Namespace) -> None:
    """What the parser cannot say."""
    if args.profile == "auditor":
        wrong = "an auditor is shown all venues" if args.venue else ""
    elif args.profile == "summary":
        wrong = "" if len(args.venue) == 1 else "a summary is of one venue"
    else:
        wrong = "" if args.venue else "which venue?"
    if not wrong and bool(args.since) == bool(args.reinstatement):
        wrong = "from which day on?" if not args.since else "a reinstatement has its own days"
    if not wrong and args.reinstatement and (len(args.venue) != 1 or not args.explanation):
        wrong = "a reinstatement is at one venue, with --explanation"
    if not wrong and args.profile != "venue" and not args.recipient:
        wrong = "how is the recipient called? --recipient NAME"
    if not wrong and args.name and not (args.name_purpose and args.name_basis):
        wrong = "names are disclosed for a purpose, on a legal basis: --name-purpose, --name-basis"
    if not wrong and args.row and args.profile != "summary":
        wrong = "--row is for a summary; other profiles show every key"
    if not wrong and args.pades and args.no_copies:
        wrong = "--pades signs the PDF, and --no-copies makes none"
    if not wrong and args.nonce is not None and not _answers(args.nonce):
        wrong = f"a nonce is 1 to {_NONCE} printable ASCII characters"
    if wrong:
        raise UsageError(wrong, code="usage", still="nothing was issued", hint="keyguard attest --help")


def _answers(nonce: str) -> bool:
    return 1 <= len(nonce) <= _NONCE and nonce.isascii() and nonce.isprintable()


def _run(args: argparse.Namespace, config: Config, ports: Ports, copies: Copies) -> Run:
    from keyguard.core.canonical import LONGEST_FREE  # noqa: PLC0415 - as above
    from keyguard.workflows import attest_packs, attest_people  # noqa: PLC0415 - as above
    from keyguard.workflows.agents import copies_for  # noqa: PLC0415 - as above
    from keyguard.workflows.attest import Run  # noqa: PLC0415 - as above
    from keyguard.workflows.attest_config import attest_config, text  # noqa: PLC0415 - as above
    from keyguard.workflows.attest_period import period_of, spoken  # noqa: PLC0415 - as above
    from keyguard.workflows.attest_predicate import Asked  # noqa: PLC0415 - as above

    chosen = {name: getattr(args, name) for name in ("officer", "title", "preparer")}
    who: AttestConfig = attest_config(config.firm, config.attest, chosen)
    since = args.since
    explained: tuple[str, ...] = ()
    if args.reinstatement:
        around = timedelta(days=args.days)
        since, explained = attest_packs.reinstatement(
            ports, args.venue[0], args.reinstatement, args.explanation, around
        )
    period = period_of(since, args.until, who.tz, ports.clock.now())
    for venue in args.venue if args.negative else ():
        attest_packs.demand_nothing(ports, venue, copies_for(ports, copies, period))
    own = tuple(text(one, "reservation", LONGEST_FREE) for one in (*explained, *args.reservation))
    people = attest_people.disclosed(ports, args.name, args.venue, args.name_purpose, args.name_basis)
    attached = attesting.documents(args)
    rows = frozenset(id_ for key in args.row for id_ in attest_packs.fingerprints(ports, args.venue[0], key))
    asked = Asked(period, spoken(period), args.profile, args.nonce, own, people, attached, rows)
    again = args.again or bool(args.reinstatement)
    return Run(asked, who, _recipients(args, ports), attesting.keys(args), again, args.last_seal)


def _recipients(args: argparse.Namespace, ports: Ports) -> tuple[Recipient, ...]:
    from keyguard.workflows.attest_config import text  # noqa: PLC0415 - as above
    from keyguard.workflows.attest_predicate import Recipient  # noqa: PLC0415 - as above
    from keyguard.workflows.attest_recipient import for_venue  # noqa: PLC0415 - as above

    name = text(args.recipient, "recipient")
    if args.profile != "venue":
        kind = args.kind or ("auditor" if args.profile == "auditor" else "other")
        return (Recipient(None, kind, name, args.venue[0] if args.venue else ""),)
    venues = list(dict.fromkeys(args.venue))
    name = name if len(venues) == 1 else ""
    return tuple(for_venue(ports, venue, kind=args.kind or "exchange", name=name) for venue in venues)
