"""Whole flows from the first screen on, without a mouse and without a shortcut of the tests."""

from __future__ import annotations

from keyguard.core.findings import Kind
from keyguard.tui.work import Stage
from tests.tui.working import Bench, at_work, item


def test_a_leaked_key_is_found_opened_and_rotated_from_its_page() -> None:
    async def flow(bench: Bench) -> None:
        name = bench.world.key.name
        leak = item(bench.world, Kind.LEAK, "ops/run.sh:3", detail=name)
        bench.world.findings.put(leak)
        await bench.look()
        await bench.press("2", "slash")
        await bench.type("desk/bot")
        await bench.press("enter", "enter")
        await bench.app.workers.wait_for_complete()
        await bench.pilot.pause()
        assert bench.sees("What it may do")
        await bench.press("f")
        assert bench.sees("ops/run.sh:3")
        await bench.press("2", "r")
        assert bench.sees("A new key is made")
        await bench.press("ctrl+s")
        view = await bench.settled()
        assert view.stage is Stage.DONE, view.trouble
        assert not bench.world.answers(bench.world.old)
        await bench.press("n")
        await bench.type(name)
        await bench.press("escape")
        assert bench.app.here == "rotations"
        assert len(bench.work.jobs) == 1

    at_work(flow)
