"""What is true of every Findings. A subclass gives the fixture `findings`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyguard.core.alerts import Alert, Said, Told, Urgency
from keyguard.core.errors import UsageError
from keyguard.core.findings import Finding, Item, Kind, State
from keyguard.core.keys import Origin
from keyguard.core.policy import Level
from keyguard.ports.findings import Findings

T0 = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
ITEM = Item(
    Kind.DRIFT,
    Level.HIGH,
    "bybit/현물/bot",
    "the IP list was 203.0.113.7, is any",
    T0,
    "keyguard key inspect bybit/현물/bot",
    Origin.REPORTED,
    "IP list",
    "v1",
)
OPEN = Finding("fi_00", ITEM, State.OPEN, T0, T0)
ACCEPTED = Finding("fi_01", ITEM, State.ACCEPTED, T0, T0 + DAY, "until the move", "kim", T0 + 9 * DAY)
ALERT = Alert("drift", "fi_00", Urgency.HIGH, "keyguard: drift", "bybit/현물/bot: the IP list")
SAID = Said(ALERT, Told(T0, T0, 2, T0 + DAY, T0 + DAY), ("desk-chat", "pager"))


class FindingsContract:
    """Run on every store and fake."""

    def test_everything_reads_back(self, findings: Findings) -> None:
        assert (findings.all(), findings.standing(), findings.said()) == ((), (), ())
        findings.put(OPEN)
        findings.put(ACCEPTED)
        findings.say(SAID)
        assert findings.all() == findings.standing() == (OPEN, ACCEPTED)
        assert findings.said() == (SAID,)
        assert findings.get("fi_01") == ACCEPTED
        assert findings.get("fi_0") is None

    def test_what_is_over_does_not_stand_but_stays(self, findings: Findings) -> None:
        over = [State.ADOPTED, State.ROTATED, State.CLOSED]
        for number, state in enumerate(over):
            findings.put(replace(OPEN, id=f"fi_1{number}", state=state))
        findings.put(ACCEPTED)
        assert findings.standing() == (ACCEPTED,)
        assert len(findings.all()) == 4

    def test_a_change_replaces(self, findings: Findings) -> None:
        findings.put(OPEN)
        closed = replace(OPEN, state=State.CLOSED, changed_at=T0 + DAY, reason="seen to", by="kim")
        findings.put(closed)
        assert findings.all() == (closed,)
        findings.say(SAID)
        again = replace(SAID, missed=(), told=Told(T0))
        findings.say(again)
        assert findings.said() == (again,)

    def test_the_oldest_first(self, findings: Findings) -> None:
        later = replace(OPEN, id="fi_zz", since=T0 - DAY)
        findings.put(OPEN)
        findings.put(later)
        assert findings.all() == (later, OPEN)
        earlier = replace(SAID, alert=replace(ALERT, subject="fi_zz"), told=Told(T0 - DAY))
        findings.say(SAID)
        findings.say(earlier)
        assert findings.said() == (earlier, SAID)

    def test_by_the_beginning_of_the_id(self, findings: Findings) -> None:
        findings.put(OPEN)
        findings.put(ACCEPTED)
        assert findings.find("fi_01") == ACCEPTED
        for wrong in ("fi_0", "fi_2", "", "%", "fi%01"):
            with pytest.raises(UsageError) as caught:
                findings.find(wrong)
            assert caught.value.code == "finding.unknown"

    def test_an_alert_is_forgotten(self, findings: Findings) -> None:
        findings.say(SAID)
        findings.unsay(ALERT.id)
        findings.unsay(ALERT.id)
        assert findings.said() == ()
