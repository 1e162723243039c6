"""The end of an export: a real process that verifies, copies only where they are wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyguard.attestations import Finishing
from keyguard.core.errors import IntegrityError
from keyguard.home import Home
from keyguard.workflows.trust_file import trust_file
from tests.fakes.attesting import UPBIT, Firm


def test_the_verifier_is_another_process_and_its_word_counts(tmp_path: Path) -> None:
    firm = Firm()
    firm.wait()
    (first,) = firm.attest(0, 1)
    firm.wait()
    (made,) = firm.attest(1, 2)
    home = Home(tmp_path / "home")
    home.path.mkdir()
    finish = Finishing(home, firm.ports, copies=False)
    trust = trust_file(firm.ports, "FAKE Trading", 1)
    with pytest.raises(IntegrityError) as error:
        finish.verify(made.data.replace(b'"complete":true', b'"complete":null'), trust, UPBIT, first.data)
    assert error.value.code == "attest.unverified"
    assert "MALFORMED" in error.value.message
    assert list(home.path.iterdir()) == []


def test_no_copies_where_none_are_wanted(tmp_path: Path) -> None:
    firm = Firm()
    assert Finishing(Home(tmp_path), firm.ports, copies=False).read({}, {}, "", "").entries == {}
