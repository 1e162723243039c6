"""`keyguard tui`: the terminal UI."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.cli.person import speaks_korean
from keyguard.core.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.home import Home

WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
THEMES = ("dark", "light", "contrast", "plain")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--lang", choices=("en", "ko"), help="language (else as LC_ALL, LANG say)")
    parser.add_argument("--theme", choices=THEMES, default="dark", help="colours; NO_COLOR takes all away")
    parser.add_argument(
        "--lock-after",
        type=int,
        default=10,
        metavar="MINUTES",
        help="lock what is shown when nobody has touched it for so long; 0: never (default 10)",
    )
    parser.add_argument(
        "--demo", action="store_true", help="a desk on simulated venues, to try everything on"
    )
    parser.add_argument("--signer", default="", metavar="FILE", help="the officer's key that Attest proposes")
    parser.add_argument("--read-only", action="store_true", help="nothing here can change anything")
    parser.add_argument(
        "--serve",
        action="store_true",
        help="in a browser on this machine, read-only, by a link that works once",
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="for --serve; any that is free")
    parser.epilog = (
        "example: keyguard tui --lang ko --theme light\n         keyguard tui --serve --lock-after 5"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Show the home until the person quits."""
    served = os.environ.get("TEXTUAL_DRIVER") == WEB_DRIVER and args.read_only
    if not (served or args.serve) and not (sys.stdin.isatty() and sys.stderr.isatty()):  # it draws on stderr
        raise UsageError("the terminal UI needs a terminal", code="tui.terminal", hint="keyguard attention")
    if args.demo:
        _demo(args, out)
    elif args.serve:
        _serve(session.home_of(args), args, out)
    else:
        _show(session.home_of(args), args)
    return 0


def _show(home: Home, args: argparse.Namespace, *, passphrase: bool = True) -> None:
    from keyguard.tui import run as tui  # noqa: PLC0415 - other commands have no use for it

    language = _language(args)
    lock_after_s = args.lock_after * 60
    tui.run(
        home,
        language=language,
        theme=args.theme,
        lock_after_s=lock_after_s,
        passphrase=passphrase,
        passphrase_file=args.passphrase_file,
        signer=args.signer,
        read_only=args.read_only,
    )


def _language(args: argparse.Namespace) -> str:
    return args.lang or ("ko" if speaks_korean(os.environ) else "en")


def _serve(home: Home, args: argparse.Namespace, out: Output) -> None:
    from keyguard.tui import run as tui  # noqa: PLC0415 - as above

    def tell(link: str) -> None:
        out.talk(
            "keyguard: open this in a browser of this machine; it works once, and shows without changing"
        )
        out.talk(link)

    idle_s = args.lock_after * 60
    tui.serve(home, tell, language=_language(args), theme=args.theme, port=args.port, idle_s=idle_s)
    out.talk("keyguard: no longer served")


def _demo(args: argparse.Namespace, out: Output) -> None:
    missing = [name for name in ("starlette", "uvicorn") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"simulated venues need {', '.join(missing)}",
            code="tui.demo_missing",
            hint="pip install 'keyguard[demo]', or `make demo` in a checkout",
        )
    from keyguard.demo import desk  # noqa: PLC0415 - for the demo alone

    out.talk("keyguard: opening a desk on simulated venues; no exchange is asked, nothing is left behind")
    with desk.furnished() as home:
        if args.serve:
            _serve(home, args, out)
        else:
            args.signer, args.passphrase_file = str(desk.officer(home)), None
            _show(home, args, passphrase=False)  # nobody knows that of the demo's store
