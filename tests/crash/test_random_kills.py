"""Promise 4 under load: `kill -9` at random moments of commands that rotate keys, and of the daemon that
hands them out meanwhile. `make kills-workflows KILLS=2000` makes many.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from keyguard_simulators.serve import running
from tests.cli.desk import Desk
from tests.crash.load import MANAGERS, Load

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("KEYGUARD_TEST_WORKFLOW_KILLS", "6"))
SEED = int(os.environ.get("KEYGUARD_TEST_SEED", "20261121"))


@pytest.mark.timeout(120 + 10 * KILLS)
def test_no_key_is_lost_or_lives_on_unknown(tmp_path: Path) -> None:
    began = time.monotonic()
    with running(list(MANAGERS)) as venues:
        desk = Desk(tmp_path, venues, impatient=True)
        try:
            load = Load(desk, SEED, KILLS)
            load.run()
        finally:
            desk.close()
    assert load.wrong == []
    assert sum(load.killed.values()) >= KILLS
    if KILLS > 6:
        died = ", ".join(f"{count:,} of {what}" for what, count in sorted(load.killed.items()))
        sys.stderr.write(
            f"\nseed {SEED}: {sum(load.killed.values()):,} kills ({died}), "
            f"{load.daemon_deaths} of the daemon, {load.rotations:,} rotations ended undisturbed, "
            f"{load.handed:,} hand-outs recorded, {len(load.leases):,} received, "
            f"{load.records:,} records right, "
            f"{time.monotonic() - began:.0f} s\n"
            f"workflows they left: {dict(load.at.most_common())}\n"
        )
