"""The standard streams, as whatever started us left them: closed, full, or of an encoding without hangul."""

from __future__ import annotations

import contextlib
import io
import os
import sys

_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}


def prepare() -> None:
    """Make all three usable.

    A closed one is opened on nothing: else the next file to be opened, the database perhaps, would get its
    number, and what a child process writes to its stderr would go there. What the encoding of stdout does
    not have is written out (`\\u20ac`).
    """
    for handle, (name, mode) in enumerate(_MODES.items()):
        if getattr(sys, name) is not None:
            continue
        with contextlib.suppress(OSError):
            os.fstat(handle)
            continue
        os.open(os.devnull, os.O_RDWR)  # the lowest free number is this one
        os.set_inheritable(handle, True)
        setattr(sys, name, open(handle, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - stays open
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def abandon_stdout() -> None:
    """Write no more to stdout, not even what is buffered: it leads nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
