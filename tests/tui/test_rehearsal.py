"""The desk of the demo: real store and gateway, simulated venues; a panic by the screen's own parts."""

from __future__ import annotations

import asyncio
from functools import partial

from keyguard.core.findings import Kind
from keyguard.demo.desk import furnished
from keyguard.tui import run
from keyguard.tui.panicking import How, Which, plan


def test_a_desk_that_needs_somebody_for_real_reasons_is_ended_as_it_was_shown() -> None:
    by_api, by_hand = Which("desk", "vol"), Which("venue", "upbit")
    with furnished() as home:
        source, panicking = run.source(home, passphrase=False), run.panicking(home)
        picture = asyncio.run(source.look()).picture
        assert picture.simulated == {"bybit", "deribit", "upbit"}
        assert {finding.item.kind for finding in picture.findings} >= {Kind.DRIFT, Kind.SCOPES, Kind.EXPIRY}
        assert len(picture.leases) == 4
        assert not panicking.asks()  # the demo's passphrase stands in a file
        results = []
        for which, how in ((by_api, How.API), (by_hand, How.PERSON)):
            doomed = asyncio.run(source.ask(partial(plan, which=which)))
            assert {(one.how, one.simulated) for one in doomed} == {(how, True)}
            panicking.begin(which, doomed, "suspicion", None, lambda: None)
            panicking.wait()
            assert panicking.trouble is None
            results.append(panicking.result)
        source.close()
    assert not home.path.exists()
    assert (results[0].dead, results[0].left) == (1, ())
    assert [one.lives for one in results[1].left] == [True, True]
    assert all(one.page.startswith("http://127.0.0.1") and one.korean for one in results[1].left)
