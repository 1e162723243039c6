"""All commands as one parser, for completions and the manual page.

The program itself builds only the one it was asked for.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from keyguard.cli.catalogue import COMMANDS
from keyguard.cli.frame import PURPOSE, load
from keyguard.cli.parsing import declare


def parser(files: object = None, folders: object = None) -> argparse.ArgumentParser:
    """Return the parser. `files` and `folders` are what shtab wants on arguments that name one."""
    whole = argparse.ArgumentParser(prog="keyguard", description=PURPOSE)
    whole.add_argument("--version", action="store_true", help="print the version")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")
    groups = {}
    for name, text in COMMANDS.items():
        group, _, own = name.partition(" ")
        if own and group not in groups:
            members = ", ".join(n.partition(" ")[2] for n in COMMANDS if n.startswith(f"{group} "))
            made = commands.add_parser(group, help=members, description=members)
            groups[group] = made.add_subparsers(title="commands", metavar="COMMAND")
        at = groups[group] if own else commands
        one = at.add_parser(own or group, help=text, description=text)
        declare(one, load(name))
        for action in one._actions:
            if wanted := folders if action.metavar == "DIR" else files if _names_a_file(action) else None:
                action.complete = wanted  # type: ignore[attr-defined] # the attribute by which shtab is told
    return whole


def _names_a_file(action: argparse.Action) -> bool:
    return action.type is Path or action.metavar in ("F", "FILE", "PATH")
