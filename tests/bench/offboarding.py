"""`make bench-offboarding`: how soon after `person offboard` a bot that holds 50 keys is refused them.

Measured from the command's exit as its starter sees it to the refusal in the bot's hands: on this host by the
file of the home, and on another host of a PostgreSQL that is started for it.
"""

from __future__ import annotations

import getpass
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from keyguard.core.errors import KeyguardError
from tests.daemon.homes import TIME_LIMIT_S, DaemonHome
from tests.services import postgres_server

KEYS = 50
ROUNDS = 5


def main() -> None:
    """Measure and print a table."""
    rows = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            home = DaemonHome(Path(folder), KEYS, KEYS)
            rows.append(("this host, SQLite", "100", *_measured(home, home)))
        with (
            tempfile.TemporaryDirectory() as one,
            tempfile.TemporaryDirectory() as two,
            postgres_server.server() as server,
        ):
            here = DaemonHome(Path(one), KEYS, KEYS, database=server.url(server.database()))
            there = DaemonHome(Path(two), beside=here.home)
            rows.append(("another host, PostgreSQL", "2000", *_measured(here, there)))
    sys.stdout.write(
        f"{'':26}{'bar':>8}{'first refusal':>16}{'all 50':>10}{'the command':>14}  (ms, worst of 5)\n"
    )
    for name in dict.fromkeys(row[0] for row in rows):
        mine = [row for row in rows if row[0] == name]
        first, last, command = (max(row[i] for row in mine) * 1e3 for i in (2, 3, 4))
        sys.stdout.write(f"{name:26}{mine[0][1]:>8}{first:16.1f}{last:10.1f}{command:14.0f}\n")


def _measured(here: DaemonHome, there: DaemonHome) -> tuple[float, float, float]:
    """Seconds from the command's return to the first refusal and to the last of 50; those it took itself."""
    try:
        _type(here, "person", "add", "hana", "--os-user", getpass.getuser())
        _type(here, "grant", "add", "hana", "--desk", "mm", "--scopes", "read,trade_spot")
        there.start()
        with there.client() as keys:
            for number in range(KEYS):
                keys.get(f"bybit/mm/bot{number}")
            begun = time.perf_counter()
            _type(here, "person", "offboard", "hana", "--yes")
            returned, took = time.perf_counter(), []
            for number in range(KEYS):
                try:
                    keys.get(f"bybit/mm/bot{number}")
                except KeyguardError as error:
                    took.append(time.perf_counter() - returned)
                    assert error.code == "rights.person_ended", error.code
            assert len(took) == KEYS
            return took[0], took[-1], returned - begun
    finally:
        there.end()


def _type(home: DaemonHome, *words: str) -> None:
    subprocess.run(
        home.command("--passphrase-file", str(home.passphrase_file), *words),
        env=home.environment(),
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=TIME_LIMIT_S,
    )


if __name__ == "__main__":
    main()
