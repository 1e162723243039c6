from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from keyguard.core.exchange import Facts, KeyReport, Life
from keyguard.core.keys import Key, Origin, Scope
from keyguard.core.policy import Level, expiry, warnings

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = Key("k", "examplex", "desk", "mm", needs=Scope.READ | Scope.TRADE_SPOT)
FACTS = Facts(
    id="examplex",
    name="Examplex",
    base="https://api.examplex.test",
    docs="https://docs.examplex.test",
    checked="2026-11-20",
    key_page="https://examplex.test/keys",
)
CLEAN = KeyReport(
    "FAKEid",
    scopes=Scope.READ | Scope.TRADE_SPOT,
    scopes_origin=Origin.REPORTED,
    ips=("203.0.113.1",),
    ips_origin=Origin.REPORTED,
)


def codes(report, key=KEY, facts=FACTS):
    return [w.code for w in warnings(key, report, facts, NOW)]


def test_a_clean_key_has_none():
    assert warnings(KEY, CLEAN, FACTS, NOW) == ()


def test_scopes_beyond_the_declared_need():
    (excess,) = warnings(KEY, replace(CLEAN, scopes=CLEAN.scopes | Scope.TRADE_MARGIN), FACTS, NOW)
    assert (excess.code, excess.level, excess.origin) == ("F01", Level.MEDIUM, Origin.REPORTED)
    assert "trade_margin" in excess.text and "read" not in excess.text


def test_withdraw_is_grave_and_comes_first():
    found = warnings(KEY, replace(CLEAN, scopes=CLEAN.scopes | Scope.WITHDRAW), FACTS, NOW)
    assert [w.code for w in found] == ["F02", "F01"]
    assert found[0].level is Level.HIGH


def test_a_declared_need_of_managing_is_no_excess_but_stays_grave():
    manager = replace(KEY, needs=Scope.READ | Scope.MANAGE_KEYS)
    assert codes(replace(CLEAN, scopes=Scope.READ | Scope.MANAGE_KEYS), manager) == ["F02"]


def test_without_declared_needs_only_dangerous_scopes_are_excess():
    undeclared = replace(KEY, needs=Scope.NONE)
    assert codes(CLEAN, undeclared) == []
    assert codes(replace(CLEAN, scopes=CLEAN.scopes | Scope.TRANSFER_INTERNAL), undeclared) == ["F01"]


def test_no_ip_list_and_the_rule_that_ends_such_keys():
    facts = replace(FACTS, lives=(Life(timedelta(days=90), "", open_only=True),))
    open_key = replace(CLEAN, ips=(), created_at=NOW - timedelta(days=10))
    address, dies = warnings(KEY, open_key, facts, NOW)
    assert address.code == "F03" and "90 days" in address.text
    assert dies.code == "F05" and dies.origin is Origin.INFERRED and "2027-02-08" in dies.text
    assert dies.level is Level.LOW


def test_no_ip_warning_where_the_venue_has_no_lists():
    assert codes(replace(CLEAN, ips=()), facts=replace(FACTS, max_ips=0)) == []
    assert codes(replace(CLEAN, ips=())) == ["F03"]


def test_the_venues_own_expiry_wins_over_the_rule():
    facts = replace(FACTS, lives=(Life(timedelta(days=365), ""),))
    report = replace(CLEAN, created_at=NOW, expires_at=NOW + timedelta(days=3), expiry_origin=Origin.REPORTED)
    assert expiry(report, facts) == (NOW + timedelta(days=3), Origin.REPORTED)
    assert expiry(replace(report, expires_at=None), facts) == (NOW + timedelta(days=365), Origin.INFERRED)
    assert expiry(CLEAN, facts) is None
    (soon,) = warnings(KEY, report, facts, NOW)
    assert soon.level is Level.MEDIUM and soon.text.startswith("expires 2026-11-23")


def test_expired_and_disabled():
    report = replace(CLEAN, expires_at=NOW, expiry_origin=Origin.REPORTED, enabled=False)
    assert [w.text for w in warnings(KEY, report, FACTS, NOW)] == [
        "disabled at the venue",
        "expired 2026-11-20 09:00 UTC",
    ]


def test_what_the_venue_does_not_tell_is_said():
    report = replace(CLEAN, scopes_unknown=Scope.WITHDRAW, ips=None, ips_origin=Origin.UNKNOWN)
    texts = [w.text for w in warnings(KEY, report, FACTS, NOW)]
    assert texts == ["may also withdraw: the venue does not tell", "the venue does not tell the IP list"]
    declared = replace(CLEAN, scopes_origin=Origin.DECLARED, ips_origin=Origin.DECLARED)
    assert codes(declared) == ["F19", "F19"]
    assert {w.origin for w in warnings(KEY, declared, FACTS, NOW)} == {Origin.DECLARED}
