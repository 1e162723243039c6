"""All commands as one parser, for completions and the manual page.

The program itself builds only the one it was asked for.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli.catalogue import COMMANDS
from keyguard.cli.frame import PURPOSE, load
from keyguard.cli.parsing import declare

if TYPE_CHECKING:
    _Groups = dict[str, argparse._SubParsersAction[argparse.ArgumentParser]]  # there is no public name


def parser(files: object = None, folders: object = None) -> argparse.ArgumentParser:
    """Return the parser. `files` and `folders` are what shtab wants on arguments that name one."""
    whole = argparse.ArgumentParser(prog="keyguard", description=PURPOSE)
    whole.add_argument("--version", action="store_true", help="print the version")
    groups = {"": whole.add_subparsers(title="commands", metavar="COMMAND")}
    made: dict[str, argparse.ArgumentParser] = {}
    for name, text in COMMANDS.items():
        group, _, own = name.rpartition(" ")
        one = made[name] = _group(groups, made, group).add_parser(own, help=text, description=text)
        declare(one, load(name))
        for action in one._actions:
            if wanted := folders if action.metavar == "DIR" else files if _names_a_file(action) else None:
                action.complete = wanted  # type: ignore[attr-defined] # the attribute by which shtab is told
    return whole


def _group(
    groups: _Groups, made: dict[str, argparse.ArgumentParser], name: str
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """The place for a group's commands, made when its first one comes; a group may be a command itself."""
    if name not in groups:
        outer, _, own = name.rpartition(" ")
        members = ", ".join(n.removeprefix(f"{name} ") for n in COMMANDS if n.startswith(f"{name} "))
        if name not in made:
            made[name] = _group(groups, made, outer).add_parser(own, help=members, description=members)
        groups[name] = made[name].add_subparsers(title="commands", metavar="COMMAND")
    return groups[name]


def _names_a_file(action: argparse.Action) -> bool:
    return action.type is Path or action.metavar in ("F", "FILE", "PATH")
