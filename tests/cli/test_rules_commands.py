from __future__ import annotations

import argparse
import json

import pytest

from keyguard.cli.commands import rules_list, rules_show, rules_test
from keyguard.core.errors import UsageError
from tests.cli.test_scan import Written


def test_list_names_every_rule() -> None:
    out = Written()
    assert rules_list.run(argparse.Namespace(), out) == 0
    assert any("bybit.secret" in line for line in out.out)


def test_list_as_json() -> None:
    out = Written()
    out.json = True
    rules_list.run(argparse.Namespace(), out)
    assert {"id", "venue", "field", "severity", "title"} == set(json.loads(out.out[0])["rules"][0])


def test_show_and_an_unknown_rule() -> None:
    out = Written()
    assert rules_show.run(argparse.Namespace(id="deribit.key"), out) == 0
    assert any("ignored (a word)" in line for line in out.out)
    out.json = True
    rules_show.run(argparse.Namespace(id="pem.rsa"), out)
    assert json.loads(out.out[-1])["venue"] is None
    with pytest.raises(UsageError, match=r"no rule 'no\.such'"):
        rules_show.run(argparse.Namespace(id="no.such"), out)


def test_all_examples_pass() -> None:
    out = Written()
    assert rules_test.run(argparse.Namespace(), out) == 0
    assert out.err[0].endswith("0 failed")
