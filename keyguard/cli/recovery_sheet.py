"""A recovery share on paper, and its way back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import session
from keyguard.core import share
from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret
from keyguard.stores.passphrase import read_passphrase
from keyguard.stores.private_file import create_private

if TYPE_CHECKING:
    from datetime import datetime

    from keyguard.cli.output import Output
    from keyguard.workflows.recovery_share import Made

_SHEET = """\
keyguard recovery share {id}, made {at:%Y-%m-%d %H:%M} UTC

    {text}

It opens {opens} of this home. Whoever has it needs no passphrase.
Print it or write it down, lock it away from this machine, then delete this file if it is one.
No letter I, L, O or U occurs. Each group checks itself: a mistyped one is named.

With it:  {use}
"""


def demand_place(file: Path | None, *, json: bool) -> None:
    """Refuse, before anything is made, where a share must not go: a pipe, a log, a file that exists."""
    if file is not None:
        if file.exists():
            raise UsageError(f"{file} exists already", code="share.file", hint="name another file")
        return
    if json or not sys.stdout.isatty():
        raise UsageError(
            "a recovery share is shown on a terminal only",
            code="share.no_terminal",
            still="nothing was made",
            hint="-o FILE writes it to a file that only you can read",
        )


def hand_over(out: Output, made: Made, at: datetime, *, kind: str, file: Path | None) -> None:
    """Show the sheet, or write it (0600)."""
    vault = kind == "encrypted_file"
    sheet = _SHEET.format(
        id=made.id,
        at=at,
        text=made.text.reveal(),
        opens="the vault file, and the backups made from now on,"
        if vault
        else "the backups made from now on",
        use="keyguard store recovery restore" if vault else "keyguard backup restore FILE",
    )
    if file is None:
        out.block(sheet)
    else:
        create_private(file, sheet.encode())


def typed(file: str | None) -> Secret:
    """The key of a share, from a file (a whole sheet is fine) or typed without echo.

    UsageError `share.mistyped` naming the group that is wrong.
    """
    return key_in(read_passphrase(Path(file)) if file else session.prompt("recovery share: "))


def key_in(text: Secret) -> Secret:
    """The key of the share that stands in a text; UsageError `share.mistyped`."""
    for line in text.reveal().splitlines():
        if share.looks_like_one(Secret(line)):
            return share.key_of(share.read(Secret(line)))
    return share.key_of(share.read(text))


def key_or_passphrase(text: Secret) -> Secret:
    """What opens a backup: the key of a share if it means to be one, else the passphrase as it is."""
    lines = text.reveal().splitlines()
    if any(share.looks_like_one(Secret(line)) for line in lines):
        return key_in(text)
    return text
