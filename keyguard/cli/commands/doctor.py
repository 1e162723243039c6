"""`keyguard doctor`: a line for everything that must be right, with the fix where it is not."""

from __future__ import annotations

import shutil
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import daemons, session
from keyguard.core.errors import KeyguardError
from keyguard.workflows.check_seals import check_seals

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from keyguard.cli.output import Output
    from keyguard.home import Home

BROKEN = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, whether it is right, what was seen, what mends it."""

    name: str
    right: bool
    seen: str
    fix: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "Exit status 3 when something is wrong.\n\nexample: keyguard doctor --json"


def run(args: argparse.Namespace, out: Output) -> int:
    """Check everything, in an order in which the first failure explains the later ones."""
    checks = list(_checks(args, session.home_of(args)))
    if out.json:
        out.document([{"name": c.name, "right": c.right, "seen": c.seen, "fix": c.fix} for c in checks])
    else:
        for check in checks:
            mark, style = ("ok   ", "green") if check.right else ("WRONG", "red")
            out.data(f"{mark} {check.name:<11} {check.seen}", style=style)
            if check.fix and not check.right:
                out.data(f"      {'':<11} fix: {check.fix}")
    return 0 if all(check.right for check in checks) else BROKEN


def _checks(args: argparse.Namespace, home: Home) -> Iterator[Check]:
    yield _attempt("home", lambda: f"{home.path}, store {home.read().store}")
    git = shutil.which("git")
    yield Check("git", bool(git), git or "not found", "install git: the history and the index need it")
    if not home.exists():
        return
    for path in (home.path, home.config_file, home.vault_file, home.database_file):
        if path.exists():
            yield _private(path)
    config = home.read()
    unlock = wiring.Unlock(args.passphrase_file, session.prompt)
    yield _attempt("store", lambda: f"{len(wiring.secret_store(home, config, unlock).names())} items")
    yield _attempt("log", lambda: _log(home))
    yield _daemon(home)
    yield _attempt("frozen", lambda: _frozen(home))
    if config.simulators:
        yield Check("venues", True, f"simulated: {', '.join(sorted(config.simulators))}")


def _log(home: Home) -> str:
    with wiring.opened_evidence(home) as (log, seals):
        return f"{log.verify().records} records match, {check_seals(seals)} seals"


def _frozen(home: Home) -> str:
    """No fault either: somebody wants it so."""
    standing = [f"{one.id} {one.scope.value} {name}".rstrip() for one, name in wiring.freezes(home)]
    return "; ".join(standing) or "nothing"


def _daemon(home: Home) -> Check:
    """That none runs is no fault: commands do without."""
    try:
        with daemons.reach(home) as connection:
            locked = connection.call("store.status")["locked"]
    except KeyguardError as error:
        if error.code == "daemon.not_running":
            return Check("daemon", True, "does not run; commands work without it")
        return Check("daemon", False, error.message, error.hint)
    return Check("daemon", True, f"runs, store {'locked' if locked else 'open'}")


def _private(path: Path) -> Check:
    mode = stat.S_IMODE(path.stat().st_mode)
    return Check("permissions", not mode & 0o077, f"{path.name} {mode:04o}", f"chmod go-rwx {path}")


def _attempt(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except KeyguardError as error:
        return Check(name, False, error.message, error.hint)
