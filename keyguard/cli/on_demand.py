"""Starting the daemon because a command needs it: where the desk has said so, and where it would last."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard import wiring
from keyguard.cli import daemons, session
from keyguard.rpc.place import SOCKET_VARIABLE

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.home import Config, Home
    from keyguard.rpc.client import Connection

_NO = ("", "0", "false", "no")


def daemon(home: Home, args: argparse.Namespace, out: Output) -> Connection | None:
    """A daemon started for this command, its store open; None where none is to be started.

    It is said when one is started, and why not where one was wanted. Raises what starting and unlocking
    raise: a desk that wants hand-outs by the daemon is not served around it.
    """
    config = home.read()
    if config.daemon.get("start") != "on_demand" or SOCKET_VARIABLE in os.environ:
        return None
    if reason := unfit(config):
        out.talk(f"keyguard: no daemon is started: {reason}")
        return None
    connection, begun = daemons.reach_or_start(home, args)
    try:
        if begun:
            out.talk("keyguard: the daemon of this home was started; keyguard daemon stop ends it")
            _open(connection, config, args)
    except BaseException:
        connection.close()
        raise
    return connection


def unfit(config: Config) -> str:
    """Why this is no place to leave a process running; "" where it is one."""
    if config.daemon.get("group"):
        return "one for several users is started by the system"
    if os.environ.get("CI", "").lower() not in _NO:
        return "this is a CI job"
    if _is_service():
        return "this is a service, with which it would end"
    if unit := _unit(config.id):
        return f"systemd does that here: systemctl --user start {unit}"
    return ""


def _open(connection: Connection, config: Config, args: argparse.Namespace) -> None:
    """It has no terminal to ask at: we do. Later on a locked one stays locked until `store unlock`."""
    if not connection.call("store.status")["locked"]:
        return
    asked = {}
    if config.store == "file":
        asked["passphrase"] = wiring.Unlock(args.passphrase_file, session.prompt)().reveal()
    connection.call("store.unlock", **asked)


def _is_service() -> bool:
    """Whether our error stream is the journal's: JOURNAL_STREAM alone is inherited by whatever a desktop's
    service starts (systemd.exec(5))."""
    told = os.environ.get("JOURNAL_STREAM", "")
    try:
        found = os.fstat(2)
    except OSError:
        return False
    return told == f"{found.st_dev}:{found.st_ino}"


def _unit(home_id: str) -> str:
    """The user's enabled unit for this home, "" where there is none."""
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for folder in (own / "systemd" / "user", Path("/etc/systemd/user")):
        for kind in ("socket", "service"):
            if any(folder.glob(f"*.wants/keyguard@{home_id}.{kind}")):
                return f"keyguard@{home_id}.{kind}"
    return ""
