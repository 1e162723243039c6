"""BitMEX is closed: each test is named after what would go wrong if it were treated as open."""

from __future__ import annotations

import pytest

from keyguard.core.errors import NotOffered
from keyguard.core.exchange import Fault, Reply
from keyguard_adapters import bitmex
from tests.adapters.scripts import Script
from tests.adapters.venues.bitmex import CURRENT, KEY


def test_a_question_to_a_closed_venue_would_prove_nothing_and_is_not_sent() -> None:
    script = Script([])
    with pytest.raises(NotOffered, match="closed on 2026-09-23") as caught:
        script.run(bitmex.whoami(KEY))
    assert script.requests == []
    assert "balances" in caught.value.hint


def test_what_is_left_to_do_is_said() -> None:
    steps = " ".join(bitmex.PAGE.delete(CURRENT).steps)
    assert "withdrawn" in steps
    assert "out of every configuration" in steps


@pytest.mark.parametrize("text", [b"Invalid API Key.", b'{"error":{"message":"Invalid API Key."}}'])
def test_its_old_words_for_an_unknown_key_no_longer_count(text: bytes) -> None:
    assert bitmex.fault(Reply(401, {}, text)) == (Fault.AMBIGUOUS, "401")
