"""`keyguard key import`: take keys out of files and findings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import declared, session
from keyguard.core.errors import KeyguardError, UsageError
from keyguard.intake import detect, references
from keyguard.intake import replace as replacing
from keyguard.scanner.engine import Engine
from keyguard.scanner.rulebook import load
from keyguard.workflows import credentials
from keyguard.workflows.enrol import Declared, Enrolled, enrol

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.core.keys import Key
    from keyguard.intake.candidates import Candidate
    from keyguard.intake.detect import Intake
    from keyguard.ports.all import Ports


FINDINGS = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", nargs="+", type=Path)
    parser.add_argument("--desk", default="", metavar="D", help="desk of keys whose file names none")
    parser.add_argument("--venue", default="", metavar="V", help="venue of keys in a table that names none")
    parser.add_argument(
        "--replace", action="store_true", help="put a keyguard:// reference where each secret was"
    )
    declared.add_arguments(parser)
    parser.epilog = (
        "Reads .env, freqtrade, hummingbot, ccxt-style JSON and YAML, CSV, reports of `keyguard scan`,\n"
        "gitleaks and SARIF, and source code.\n"
        "\nexample: keyguard key import .env bot.py --desk mm --replace"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Read every file before anything is taken; store each key; last, replace.

    Exit status 1 where a secret was to be replaced and still stands in a file.
    """
    intakes, candidates = detect.read_all(args.file, Engine(load()).scan, Path.cwd(), args.venue)
    _tell_sources(out, intakes)
    done: list[tuple[Candidate, Key, Enrolled | None]] = []
    with session.opened(args, out) as ports:
        out.talk(f"taking them into this home's store: {ports.secrets.kind}")
        for candidate in candidates:
            try:
                done.append(_take(ports, args, candidate))
            except KeyguardError as error:
                error.still = f"{len(done)} of {len(candidates)} keys are stored; no file was changed"
                raise
    if not out.json:
        for _, key, enrolled in done:
            if enrolled:
                declared.tell(out, enrolled)
            else:
                out.data(f"{key.name}  known already, its secret is the same")
    replaced, left = _replace(out, done) if args.replace else ((), 0)
    if out.json:
        out.document(
            {
                "keys": [
                    declared.document(e) if e else {"id": key.id, "name": key.name, "known": True}
                    for _, key, e in done
                ],
                "replaced": [str(path) for path in replaced],
                "left": left,
            }
        )
    return FINDINGS if left else 0


def _take(
    ports: Ports, args: argparse.Namespace, candidate: Candidate
) -> tuple[Candidate, Key, Enrolled | None]:
    """Enrol a candidate; one that is registered with the same secret is taken as it is."""
    known = ports.inventory.version_by_public_id(candidate.venue, candidate.credential.key)
    if known and credentials.load(ports, known) == candidate.credential:
        return candidate, ports.inventory.find_key(known.key_id), None
    desk = candidate.desk_hint or args.desk
    if not desk:
        raise UsageError("no file names the desk of its keys", code="usage", hint="name it with --desk")
    facts = Declared(
        venue=candidate.venue,
        desk=desk,
        label=_free_label(ports, candidate, desk),
        owner=declared.owner(ports, args),
        purpose=args.purpose,
        needs=declared.needs(args.needs),
        environment=candidate.environment,
    )
    enrolled = enrol(ports, facts, candidate.credential, unchecked=args.unchecked)
    return candidate, enrolled.key, enrolled


def _free_label(ports: Ports, candidate: Candidate, desk: str) -> str:
    """The hint, or the hint with the smallest number that makes the name free."""
    hint = candidate.label_hint or _from_file(candidate)
    taken = {key.label for key in ports.inventory.keys() if (key.venue, key.desk) == (candidate.venue, desk)}  # noqa: SIM118 - a method of the port
    number = 1
    label = hint
    while label in taken:
        number += 1
        label = f"{hint}-{number}"
    return label


def _from_file(candidate: Candidate) -> str:
    """`bot` for a key in bot.py, and for one in the .env of the folder bot."""
    for place in candidate.places:
        path = place.file.absolute()
        name = path.parent.name if path.name.startswith(".") else path.stem
        if label := "".join(char for char in name if char.isalnum() or char in "-_"):
            return label
    return "imported"


def _tell_sources(out: Output, intakes: tuple[Intake, ...]) -> None:
    for intake in intakes:
        count = len(intake.candidates)
        out.talk(f"{intake.path}: read as {intake.format}, {count} key{'s' if count != 1 else ''}")


def _replace(out: Output, done: list[tuple[Candidate, Key, Enrolled | None]]) -> tuple[tuple[Path, ...], int]:
    """Put references where the secrets stood; return the files, and in how many places a file keeps one."""
    wanted, left = [], 0
    for candidate, key, _ in done:
        for place in candidate.places:
            wanted.append((place, references.make(key.venue, key.desk, key.label, place.field)))
            if place.span is None and place.field != "key":
                left += not place.past
                out.talk(f"{place.file}:{place.line}: {key.name} {place.field} not replaced: {place.reason}")
    rewrites = replacing.prepare(wanted)
    replaced = replacing.write(rewrites)
    for rewrite in rewrites:
        lines = ", ".join(map(str, rewrite.lines))
        out.talk(f"{rewrite.path}: references in line {lines} in place of the secrets")
        left += len(rewrite.left_lines)
        for line in rewrite.left_lines:
            out.talk(f"{rewrite.path}:{line}: the secret still stands here; remove it by hand", style="red")
    return replaced, left
