"""Words of a command line into the arguments of a command."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from keyguard.cli.catalogue import COMMANDS
from keyguard.core.errors import UsageError

if TYPE_CHECKING:
    from keyguard.cli.frame import Command

_UNKNOWN = "unrecognized arguments: "
_WIDTH = 80


class Parser(argparse.ArgumentParser):
    """argparse that raises instead of writing and exiting."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError. What it does not know is not repeated, but for the names of options."""
        unknown = message.removeprefix(_UNKNOWN)
        if unknown != message:
            names = (word.partition("=")[0] if word.startswith("--") else "…" for word in unknown.split())
            message = _UNKNOWN + " ".join(names)
        raise UsageError(message, code="usage", hint=f"{self.prog} --help")


class _Help(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal, without the module that argparse loads, for every option, to ask for it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def parser(name: str, command: Command) -> Parser:
    """The parser of a command: its own arguments and those of all commands."""
    made = Parser(
        prog=f"keyguard {name}", description=COMMANDS[name], formatter_class=_Help, allow_abbrev=False
    )
    declare(made, command)
    return made


def declare(made: argparse.ArgumentParser, command: Command) -> None:
    """Declare the options all commands have, then the command's own."""
    made.add_argument("--home", metavar="DIR", help="all state lives below it (KEYGUARD_HOME)")
    made.add_argument("--json", action="store_true", help="one JSON document on stdout")
    made.add_argument(
        "--passphrase-file",
        metavar="F",
        help="unlocks the file store; only its owner may read it (KEYGUARD_PASSPHRASE_FILE)",
    )
    command.add_arguments(made)


def _columns() -> int:
    try:
        return int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        pass
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _WIDTH if sys.__stdout__ else _WIDTH
    except (OSError, ValueError):
        return _WIDTH
