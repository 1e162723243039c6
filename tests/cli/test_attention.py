"""What needs a person: listed worst first with the command that mends it, accepted, closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.desk import Desk


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        opened.init()
        yield opened


def test_a_home_with_nothing_to_look_at(ready: Desk) -> None:
    assert ready.keyguard("attention").out == ""
    assert ready.keyguard("attention", "--json").json == {"findings": [], "undelivered": []}
    assert ready.keyguard("finding", "list", "--json").json == []


def test_a_finding_from_the_list_to_its_acceptance(ready: Desk) -> None:
    party = ("party", "add", "acme", "--kind", "contractor", "--relation", "builds", "--contract", "C-1")
    ready.keyguard(*party, "--from", "2020-01-01", "--until", "2020-12-31")
    shown = ready.keyguard("attention", expect=1)
    assert "acme: the contract has ended" in shown.out
    assert "[declared]" in shown.out
    assert "keyguard party renew acme" in shown.out
    (finding,) = ready.keyguard("attention", "--json", expect=1).json["findings"]
    assert (finding["kind"], finding["state"], finding["level"]) == ("contract", "open", "medium")
    id_ = finding["id"]
    assert id_ in ready.keyguard("finding", "list").out
    ready.keyguard("finding", "close", id_, "--reason", "x", expect=2)
    ready.keyguard("finding", "accept", id_, "--reason", "nobody of them is here", "--until", "2999-01-01")
    assert ready.keyguard("attention").out == ""
    told = ready.keyguard("finding", "show", id_)
    assert "accepted since" in told.out
    assert "nobody of them is here" in told.out
    assert "until 2999-01-02" in told.out
