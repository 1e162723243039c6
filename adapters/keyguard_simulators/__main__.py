"""`python -m keyguard_simulators [--venue V]… [--port-file F]`: serve until stdin closes or SIGTERM.

Prints one line of JSON, {"bybit": "http://127.0.0.1:PORT", …}, once the venues accept connections.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from keyguard_simulators.serve import VENUES, running


def main() -> None:
    """Serve the chosen venues; the caller ends it by closing our standard input or by SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m keyguard_simulators", description="simulated venues")
    parser.add_argument("--venue", action="append", choices=sorted(VENUES), help="default: all")
    parser.add_argument("--port-file", type=Path, help="also write the line of JSON there")
    args = parser.parse_args()

    over = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        over.set()

    def wait_for_end_of_input() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        over.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with running(args.venue or sorted(VENUES)) as served:
        line = json.dumps(dict(served.urls))
        if args.port_file:
            args.port_file.write_text(line + "\n", encoding="utf-8")
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        threading.Thread(target=wait_for_end_of_input, daemon=True).start()
        over.wait()


if __name__ == "__main__":
    main()
