"""No random change to a bundle verifies as sound; `make fuzz-bundles` tries ten thousand."""

from random import Random

import pytest

from keyguard.kga.verdict import Exit
from keyguard.kga.verify.steps import verify
from tests.kga.audits import ASKED, audited
from tests.kga.making import wanted
from tests.kga.mutations import Mutations

ROUNDS, EACH = 15, 10


@pytest.fixture(scope="module")
def mutations():
    return Mutations()


@pytest.fixture(scope="module")
def auditors():
    return Mutations(audited(), ASKED)


def test_without_a_change_it_verifies(mutations):
    assert verify(mutations.data, mutations.trust, wanted()).exit is Exit.WARNINGS


@pytest.mark.parametrize("number", range(ROUNDS))
def test_changes(mutations, number):
    for n in range(EACH):
        mutations.judge(mutations.one(Random(f"{number}:{n}")))


@pytest.mark.parametrize("number", range(3))
def test_changes_of_an_auditors(auditors, number):
    assert verify(auditors.data, auditors.trust, ASKED).exit is Exit.WARNINGS
    for n in range(EACH):
        auditors.judge(auditors.one(Random(f"auditor {number}:{n}")))
