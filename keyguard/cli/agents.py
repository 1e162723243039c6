"""What the commands about agents share: passphrases of invitations, copies of logs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import session

if TYPE_CHECKING:
    import argparse

    from keyguard.core.secret import Secret
    from keyguard.home import Home
    from keyguard.stores.agent_logs import AgentLogs

LARGEST = 2 * 1024**3
"""Bytes of a log's copy."""


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Declare where an invitation's passphrase stands, if it is not asked for."""
    parser.add_argument(
        "--invitation-passphrase-file",
        type=Path,
        metavar="F",
        help="only its owner may be able to read it; else it is asked for",
    )


def passphrase(args: argparse.Namespace, *, new: bool = False) -> Secret:
    """The passphrase of an invitation."""
    from keyguard.stores.passphrase import read_passphrase  # noqa: PLC0415 - loads the store

    if args.invitation_passphrase_file:
        return read_passphrase(args.invitation_passphrase_file)
    ask = session.prompt_twice if new else session.prompt
    return ask("passphrase of the invitation: ")


def copies(home: Home) -> AgentLogs:
    """The copies of agents' logs that a home keeps."""
    from keyguard.stores.agent_logs import AgentLogs  # noqa: PLC0415 - not before it is needed

    return AgentLogs(home.agents)
