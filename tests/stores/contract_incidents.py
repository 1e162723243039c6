"""What is true of every Incidents. A subclass gives the fixture `incidents`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.incidents import Event, Freeze, Incident, Kind, Report, Scope, Stage, Step
from keyguard.ports.incidents import Incidents

T0 = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
SEEN = Event(Step.DETECTED, T0, T0 + DAY, "keyguard", "거래소가 키를 거절함")
OPEN = Incident(
    "in_00aa",
    Kind.KEY_DIED,
    ("k1",),
    ("upbit",),
    "the venue refuses it",
    T0,
    T0 + DAY,
    "keyguard",
    names=("upbit/현물/bot",),
    trigger="died/v1",
    stage=Stage.UNKNOWN,
    events=(SEEN,),
)
OTHER = replace(OPEN, id="in_01bb", kind=Kind.LEAK, trigger="", deadline=T0, opened_at=T0 + 2 * DAY)
FREEZE = Freeze("fz_00", Scope.DESK, "현물", T0, "kim", "a laptop is lost", "in_00aa")
REPORT = Report("rp_00aa", "person", "hana", T0, '{"person": "hana"}')


class IncidentsContract:
    """Run on every store and fake."""

    def test_everything_reads_back(self, incidents: Incidents) -> None:
        assert (incidents.all(), incidents.freezes(), incidents.reports()) == ((), (), ())
        for incident in (OTHER, OPEN):
            incidents.put(incident)
        incidents.put_freeze(FREEZE)
        incidents.put_report(REPORT)
        assert incidents.all() == incidents.open() == (OPEN, OTHER)
        assert incidents.freezes() == incidents.all_freezes() == (FREEZE,)
        assert incidents.reports() == (REPORT,)

    def test_what_is_over_stays_as_it_is(self, incidents: Incidents) -> None:
        closed = replace(OPEN, closed_at=T0 + 3 * DAY, cause="expiry", outcome=("a new key",))
        incidents.put(OPEN)
        incidents.put(closed)
        incidents.put(closed)
        assert (incidents.open(), incidents.all()) == ((), (closed,))
        thawed = replace(FREEZE, ended_at=T0 + DAY, ended_by="kim", ended_why="found")
        incidents.put_freeze(FREEZE)
        incidents.put_freeze(thawed)
        assert (incidents.freezes(), incidents.all_freezes()) == ((), (thawed,))
        for again in (lambda: incidents.put(OPEN), lambda: incidents.put_freeze(FREEZE)):
            with pytest.raises(UsageError) as caught:
                again()
            assert caught.value.code == "incident.over"

    def test_no_event_is_taken_back(self, incidents: Incidents) -> None:
        more = OPEN.with_event(Event(Step.NOTE, T0, T0, "kim", "called the venue"))
        incidents.put(OPEN)
        incidents.put(more)
        with pytest.raises(UsageError):
            incidents.put(OPEN)
        assert incidents.all() == (more,)

    def test_one_trigger_opens_one_incident(self, incidents: Incidents) -> None:
        incidents.put(OPEN)
        assert incidents.triggered("died/v1") == OPEN
        assert incidents.triggered("died/v2") is None
        with pytest.raises(UsageError):
            incidents.put(replace(OPEN, id="in_02cc"))
        for number in range(2):
            incidents.put(replace(OTHER, id=f"in_1{number}"))
        assert len(incidents.all()) == 3

    def test_by_the_beginning_of_the_id(self, incidents: Incidents) -> None:
        incidents.put(OPEN)
        incidents.put(OTHER)
        incidents.put_report(REPORT)
        assert incidents.find("in_00") == incidents.find("00aa") == OPEN
        assert incidents.find_report("rp_00aa") == incidents.find_report("00") == REPORT
        for wrong in ("in_0", "", "in_", "%", "02"):
            with pytest.raises(UsageError) as caught:
                incidents.find(wrong)
            assert caught.value.code == "incident.unknown"
        with pytest.raises(UsageError) as caught:
            incidents.find_report("7")
        assert caught.value.code == "report.unknown"

    def test_a_report_grows(self, incidents: Incidents) -> None:
        incidents.put_report(REPORT)
        grown = replace(REPORT, document='{"person": "hana", "rotated": 1}')
        incidents.put_report(grown)
        assert incidents.reports() == (grown,)
