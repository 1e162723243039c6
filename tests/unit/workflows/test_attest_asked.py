"""What a person asks of an attestation: period, names, packs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.people import Capacity, Person, Span
from keyguard.workflows.attest_config import Named, attest_config, second_signature, text
from keyguard.workflows.attest_packs import reinstatement
from keyguard.workflows.attest_people import disclosed
from keyguard.workflows.attest_period import period_of, spoken
from keyguard.workflows.attest_predicate import firm_by_log, firm_of
from keyguard.workflows.begin import Firm, begin
from keyguard.workflows.identity import names
from tests.fakes.audit import FakeAudit
from tests.fakes.clock import FakeClock
from tests.fakes.sealing import log_ports
from tests.fakes.world import World

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def refused(code, action, *words):
    with pytest.raises(UsageError) as error:
        action(*words)
    assert error.value.code == code
    return error.value


def test_the_last_day_is_included():
    period = period_of("2026-07-01", "2026-09-30", "Asia/Seoul", NOW)
    assert (period.since, period.until) == ("2026-06-30T15:00:00.000000Z", "2026-09-30T15:00:00.000000Z")
    assert spoken(period) == "2026-07-01 – 2026-09-30 (Asia/Seoul)"


def test_hours_and_now():
    period = period_of("2026-11-20T09:00", "now", "Asia/Seoul", NOW)
    assert (period.since, period.until) == ("2026-11-20T00:00:00.000000Z", "2026-11-20T09:00:00.000000Z")
    assert spoken(period) == "2026-11-20 09:00 – 2026-11-20 18:00 (Asia/Seoul)"
    zoned = period_of("2026-11-20T09:00+09:00", "2026-11-20T01:00Z", "UTC", NOW)
    assert (zoned.since[11:13], zoned.until[11:13]) == ("00", "01")


@pytest.mark.parametrize(
    ("since", "until", "tz"),
    [
        ("2026-11-20", "2026-11-20", "Asia/Seoul"),
        ("2026-11-19", "2026-11-18", "UTC"),
        ("2026-02-30", "now", "UTC"),
        ("now", "now", "UTC"),
        ("2026-11-01", "2026-11-02", "Mars/Olympus"),
        ("2026-11-01", "2026-11-02", "../etc/passwd"),
    ],
)
def test_no_such_time(since, until, tz):
    assert refused("attest.period", period_of, since, until, tz, NOW).still == "nothing was issued"


def test_names_and_policy_by_configuration_and_by_options():
    table = {"officer": "Kim FAKE / 김가짜", "title": "CCO", "valid_days": 30, "lei": "FAKE"}
    who = attest_config({"name_latin": "FAKE"}, table, {"preparer": "Lee FAKE", "title": ""})
    assert (who.officer, who.title) == (Named("김가짜", "Kim FAKE"), Named("CCO", "CCO"))
    assert (who.preparer, who.valid_days, who.two) == (Named("Lee FAKE", "Lee FAKE"), 30, False)
    assert who.firm == {"name_latin": "FAKE", "lei": "FAKE"}
    assert attest_config({}, table, {"officer": "Park FAKE"}).officer.latin == "Park FAKE"
    assert second_signature({"second_signature": "required"})


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"officer": "Kim"},
        {"officer": "Kim", "title": "CCO", "valid_days": 0},
        {"officer": "Kim", "title": "CCO", "valid_days": "90"},
        {"officer": "Kim", "title": "CCO", "second_signature": "yes"},
        {"officer": "Kim", "title": "CCO", "color": "red"},
    ],
)
def test_what_the_configuration_may_not_say(table):
    refused("attest.config", attest_config, {}, table, {})


def test_text_that_has_no_place_in_a_statement():
    assert text("재발급", "reservation") == "재발급"
    refused("attest.text", text, "a\u202eb", "reservation")


def test_the_firm_by_the_log_then_by_the_configuration():
    ports = replace(log_ports(), audit=FakeAudit(FakeClock()))
    begin(ports, Firm("가짜 주식회사", "FAKE Trading"), tool_version="0")
    made = firm_by_log(ports, {"name_latin": "Other", "country": "KR"})
    assert made == {
        "name_local": "가짜 주식회사",
        "name_latin": "FAKE Trading",
        "registration_no": "not declared",
        "country": "KR",
    }
    who = attest_config({"lei": "FAKE"}, {"officer": "Kim", "title": "CCO"}, {})
    assert firm_of(ports, who)["lei"] == "FAKE"
    assert refused("attest.firm", firm_of, World().ports, who).hint.startswith("name_latin")


def test_names_are_disclosed_with_a_purpose():
    ports = log_ports()
    ports.people.put_person(Person("kim", Capacity.EMPLOYEE, Span(NOW), name="Kim FAKE / 김가짜"))
    (row,) = disclosed(ports, ["kim"], ["upbit"], "asked by the venue", "consent")
    assert (row["name_latin"], row["name_local"]) == ("Kim FAKE", "김가짜")
    assert row["person"] == names(ports, "upbit").person("kim")
    assert disclosed(ports, [], ["upbit"], "", "") == ()
    refused("people.unknown", disclosed, ports, ["jo"], ["upbit"], "p", "b")


def test_a_key_that_the_venue_ended():
    world = World()
    ports, key = world.ports, world.key
    version = ports.inventory.versions(key.id)[0]
    wanted = ("examplex", key.name, "moved to another host")
    refused("attest.reinstatement", reinstatement, ports, *wanted)
    noticed = "2026-11-19T01:00:00.000000Z"
    body = {"key": version.fingerprint, "noticed_at": noticed, "stage": "forced_expiry"}
    world.audit.append("examplex", "key.invalidated_by_venue", body)
    since, told = reinstatement(ports, *wanted, timedelta(days=3))
    assert since == "2026-11-16T01:00:00.000000Z"
    assert version.fingerprint[:4] in told[0]
    assert "forced_expiry" in told[0]
    assert "read, trade_spot" in told[0]
    assert told[1].endswith("moved to another host")
    refused("attest.reinstatement", reinstatement, ports, "upbit", *wanted[1:])
