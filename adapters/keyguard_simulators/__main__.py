"""`python -m keyguard_simulators [--venue V]… [--port-file F]`: serve until stdin closes or SIGTERM.

Prints one line of JSON, {"bybit": "http://127.0.0.1:PORT", …}, once the venues accept connections.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from keyguard_simulators import NAMES, ending
from keyguard_simulators.serve import running


def main() -> None:
    """Serve the chosen venues; the caller ends it by closing our standard input or by SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m keyguard_simulators", description="simulated venues")
    parser.add_argument("--venue", action="append", choices=NAMES, help="default: all")
    parser.add_argument("--port-file", type=Path, help="also write the line of JSON there")
    args = parser.parse_args()
    wait = ending.prepared(with_stdin=True)
    with running(args.venue or NAMES) as served:
        line = json.dumps(dict(served.urls))
        if args.port_file:
            args.port_file.write_text(line + "\n", encoding="utf-8")
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        wait()


if __name__ == "__main__":
    main()
