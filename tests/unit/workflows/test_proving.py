from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.keys import Origin, Scope
from keyguard.workflows.proving import differences

SPEC = KeySpec("kg_x", Scope.READ | Scope.TRADE_SPOT, ("trade", "view"), ("203.0.113.7",), account="A1")
EXACT = KeyReport(
    "FAKEnew",
    account="A1",
    scopes=SPEC.scopes,
    scopes_origin=Origin.REPORTED,
    grants=("trade", "view"),
    ips=SPEC.ips,
    ips_origin=Origin.REPORTED,
)


def test_exactly_what_was_asked():
    assert differences(SPEC, EXACT, "FAKEnew", ips_known=True) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"public_id": "FAKEother"}, "the venue answers for another key"),
        ({"account": "A2"}, "it belongs to another account"),
        ({"enabled": False}, "it is disabled"),
        ({"scopes": SPEC.scopes | Scope.WITHDRAW}, "it may withdraw too"),
        ({"scopes": Scope.READ}, "it may not trade_spot"),
        ({"grants": ("all", "view")}, "the venue's permissions differ: all, view"),
        ({"ips": ()}, "its IP list is empty"),
        ({"ips": ("203.0.113.8",)}, "its IP list is 203.0.113.8"),
    ],
)
def test_each_difference_is_named(change, said):
    assert differences(SPEC, replace(EXACT, **change), "FAKEnew", ips_known=True) == (said,)


@pytest.mark.parametrize(
    "change",
    [
        {"account": ""},
        {"scopes": Scope.NONE, "scopes_origin": Origin.UNKNOWN, "grants": ()},
        {"scopes": Scope.READ, "scopes_unknown": Scope.TRADE_SPOT, "scopes_origin": Origin.INFERRED},
        {"ips": None, "ips_origin": Origin.UNKNOWN},
    ],
)
def test_what_the_venue_does_not_tell_contradicts_nothing(change):
    assert differences(SPEC, replace(EXACT, **change), "FAKEnew", ips_known=True) == ()


def test_addresses_nobody_told_are_not_compared():
    assert differences(SPEC, replace(EXACT, ips=("198.51.100.1",)), "FAKEnew", ips_known=False) == ()
