"""A daemon, a watched folder, a key saved into it: by policy it is dead with proof, without a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyguard.core.findings import Kind
from tests.bench.leak import leak, opened, until, until_dead

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("watchdog")


def test_from_the_saved_file_to_the_proven_death(tmp_path: Path) -> None:
    with opened(tmp_path, "rotate", 1) as (here, watched):
        key, secret = here.stored("bybit/mm/bot0")
        leak(watched / "half.env", key, secret[:-1] + "x")  # the id alone gives nobody anything
        log = here.home / "daemon.log"
        with here.opened() as ports:
            until(lambda: [f for f in ports.findings.all() if f.item.kind is Kind.LEAK], "no finding")
        assert here.unfinished() == []
        assert "leaked" not in log.read_text()
        leak(watched / "bot.env", key, secret)
        until_dead(here, "bybit/mm/bot0")
        assert here.statuses("bybit/mm/bot0") == ["dead", "live"]
        assert here.stored("bybit/mm/bot0") != (key, secret)
        assert secret not in log.read_text()
