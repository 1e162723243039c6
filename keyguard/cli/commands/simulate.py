"""`keyguard simulate`: stand-ins for venues on this machine, to rehearse with."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from keyguard.core.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output

NEEDED = ("starlette", "uvicorn")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("venues", nargs="+", metavar="VENUE", help="which venues; `all` for every one")
    parser.epilog = "example: keyguard simulate bybit upbit"


def run(args: argparse.Namespace, out: Output) -> int:
    """Serve on loopback until Ctrl-C or SIGTERM; needs the `demo` extra."""
    venues = _chosen(args.venues)
    demand_extra()
    from keyguard_simulators import ending  # noqa: PLC0415 - most commands have no use for it
    from keyguard_simulators.serve import running  # noqa: PLC0415 - loads the web framework

    wait = ending.prepared(with_stdin=False)
    with running(venues) as served:
        if out.json:
            out.document(dict(served.urls))
        else:
            for venue, url in served.urls.items():
                out.data(f"{venue:<18}{url}")
        options = " ".join(f"--simulator {venue}={url}" for venue, url in served.urls.items())
        out.talk("keyguard: simulators on this machine, not the venues: nothing is traded, paid out or kept")
        out.talk("keyguard: keys are issued at each one's /_web, as its page would: docs/simulators.md")
        out.talk(f"keyguard: a home for them: keyguard init --home NEW --store file {options}")
        out.talk("keyguard: Ctrl-C ends them", style="dim")
        wait()
    return 0


def demand_extra() -> None:
    """UsageError `simulate.missing` where what serves simulated venues is not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"simulated venues need {', '.join(missing)}",
            code="simulate.missing",
            hint="pip install 'keyguard[demo]'",
        )


def _chosen(named: list[str]) -> tuple[str, ...]:
    from keyguard_simulators import NAMES  # noqa: PLC0415 - most commands have no use for it

    if named == ["all"]:
        return NAMES
    for venue in named:
        if venue not in NAMES:
            raise UsageError(
                f"no simulator is called {venue!r}",
                code="simulate.unknown",
                hint=f"there are: {', '.join(NAMES)}",
            )
    return tuple(dict.fromkeys(named))
