"""`keyguard key revoke`: end a key at its venue and prove it dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import rotation_words, sealing, session
from keyguard.processes import process_alive
from keyguard.workflows.revoke import revoke

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    rotation_words.add_arguments(parser, reason=None)
    parser.epilog = "example: keyguard key revoke bybit/mm/bot --reason leaver"


def run(args: argparse.Namespace, out: Output) -> int:
    """Revoke without a replacement; hand-outs of the key end first."""
    with session.opened(args, out) as ports:
        key = ports.inventory.find_key(args.key)
        workflow = revoke(
            ports,
            key.id,
            reason=args.reason,
            manager=args.manager,
            actor=session.actor(),
            process_alive=process_alive,
        )
        sealing.seal_soon(ports, out)
    rotation_words.tell(out, workflow, key.name)
    return 0
