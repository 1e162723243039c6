"""Finds the command's module, runs it, turns errors into three lines and an exit status.

Only the module of the command that was named is imported: `--version` must cost next to nothing.
"""

import sys

from keyguard import __version__


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit status (see `keyguard.core.errors`)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words in (["--version"], ["-V"]):
        if sys.stdout is not None:  # closed by who started us
            sys.stdout.write(f"keyguard {__version__}\n")
        return 0
    from keyguard.cli import brief  # noqa: PLC0415 - `--version` above must not pay for it
    from keyguard.cli.ready import READY  # noqa: PLC0415 - nor for this

    ours = argv is None and tuple(words) in READY  # a process of ours, and a brief one
    if ours:
        brief.begin()
    from keyguard.cli.frame import guarded  # noqa: PLC0415 - nor for this

    status = guarded(words)
    if ours:
        brief.leave(status)
    return status
