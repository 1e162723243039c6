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

from keyguard_simulators import NAMES
from keyguard_simulators.serve import running


def main() -> None:
    """Serve the chosen venues; the caller ends it by closing our standard input or by SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m keyguard_simulators", description="simulated venues")
    parser.add_argument("--venue", action="append", choices=NAMES, help="default: all")
    parser.add_argument("--port-file", type=Path, help="also write the line of JSON there")
    args = parser.parse_args()

    over, ending = os.pipe()
    os.set_blocking(ending, False)

    def wait_for_end_of_input() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os.write(ending, b"\0")

    # Woken through the pipe: a handler alone is not run while the main thread waits on a lock, and a
    # signal that comes just before the wait would be noticed only after it.
    signal.set_wakeup_fd(ending)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with running(args.venue or NAMES) as served:
        line = json.dumps(dict(served.urls))
        if args.port_file:
            args.port_file.write_text(line + "\n", encoding="utf-8")
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        threading.Thread(target=wait_for_end_of_input, daemon=True).start()
        os.read(over, 1)


if __name__ == "__main__":
    main()
