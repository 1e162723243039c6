"""`keyguard hook install`: scan before every commit and push of a repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.cli import hooks

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", nargs="?", default=".", help="in the repository (default: this folder)")
    parser.add_argument("--only", choices=hooks.KINDS, help="one of the two")
    parser.epilog = (
        "A hook that is there already keeps running, first. Safe to repeat. `git commit --no-verify` skips\n"
        "hooks: a server should scan too.\n\nexample: keyguard hook install"
    )


def run(args: argparse.Namespace, out: Output) -> int:
    """Write both hooks, or the one that was named."""
    where = hooks.folder(Path(args.folder))
    done = hooks.install(where, (args.only,) if args.only else hooks.KINDS)
    tell(out, where, done)
    return 0


def tell(out: Output, where: hooks.Folder, done: list[hooks.Done]) -> None:
    """One line a hook."""
    if out.json:
        out.document(
            {
                "folder": str(where.path),
                "shared": where.shared,
                "hooks": [{"hook": d.kind, "path": str(d.path), "state": d.state} for d in done],
            }
        )
        return
    for one in done:
        out.data(f"{one.kind:<10}  {one.what}  ({one.path})")
    if where.shared:
        out.talk(f"note: core.hooksPath: this holds for every repository that uses {where.path}")
