"""A genuine bundle verifies; see test_hostile for those that must not."""

from keyguard.kga.verdict import Exit
from keyguard.kga.verify.steps import verify
from tests.kga import alone
from tests.kga.making import Making, firm_log, trust, wanted


def test_a_genuine_bundle():
    log = firm_log()
    report = verify(Making(log).bundle(), trust(log), wanted())
    assert [(check.step, check.outcome, check.detail) for check in report.checks if check.outcome > 1] == []
    assert report.exit is Exit.WARNINGS
    assert {check.detail for check in report.checks if check.outcome is Exit.WARNINGS} == {
        "history not anchored: nobody independent saw this log (limit L4)",
        "one signature only",
    }


def test_keys_from_the_bundle_itself():
    data = Making(firm_log()).bundle()
    report = verify(data, None, wanted())
    assert report.exit is Exit.WARNINGS
    alone.agrees(report, data, None, wanted())
    assert any("first use" in check.detail for check in report.checks)
