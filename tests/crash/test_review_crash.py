"""Die before and after every effect of a review's decisions and its closing: done again, nothing happens
twice, and what was decided is what holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.keys import Scope
from keyguard.core.people import GrantState
from keyguard.core.reviews import Verdict
from keyguard.workflows import reviews
from keyguard.workflows.reviews import Answer
from tests.crash.killing import Fate, Killed, mortal
from tests.fakes.firm import HANA, KIM, Firm

ANSWERS = {
    "keep": Answer(Verdict.KEEP, "needed"),
    "reduce": Answer(Verdict.REDUCE, "reads only", Scope.READ),
    "remove": Answer(Verdict.REMOVE, "moved desks"),
}
SIDES = ("before", "after")


def begun():
    """lee gave hana the key; kim reviews, hana closes."""
    firm = Firm()
    firm.declare("lee")
    firm.grant("hana", actor=replace(KIM, user="lee"), scopes=Scope.READ | Scope.TRADE_SPOT)
    firm.use(HANA)
    reviews.open_review(firm.ports, "desk", actor=KIM)
    return firm


def review(ports, answer):
    """Decide and close; what was done before is passed over, as by whoever types the commands again."""
    (open_one,) = ports.people.reviews()
    for item in open_one.undecided:
        reviews.decide(ports, open_one.id, item.grant, answer, actor=KIM)
    if ports.people.reviews()[0].is_open():
        reviews.close(ports, open_one.id, actor=HANA)


def check(firm, how):
    (closed,) = firm.people.reviews()
    assert not closed.is_open()
    assert [item.verdict for item in closed.items] == [ANSWERS[how].verdict]
    for type_ in ("review.open", "review.close"):
        assert len(firm.audit.bodies(type_)) == 1, type_
    assert len(firm.audit.bodies("review.decide")) == 1
    standing = [g for g in firm.people.grants() if g.span.ended_at is None and g.state is GrantState.GIVEN]
    expected = {"keep": [Scope.READ | Scope.TRADE_SPOT], "reduce": [Scope.READ], "remove": []}[how]
    assert [grant.scopes for grant in standing] == expected
    assert len(firm.people.grants()) == (2 if how == "reduce" else 1)
    assert len(firm.audit.bodies("access.revoke")) == (how != "keep")
    assert len(firm.audit.bodies("access.grant")) == (2 if how == "reduce" else 1)
    if how == "remove":
        with pytest.raises(UsageError, match="may not use"):
            firm.use(HANA)
    firm.audit.verify()


@pytest.mark.parametrize("how", ANSWERS)
def test_what_was_decided_is_applied_once(how, record_property):
    fate, clean = Fate(), begun()
    review(mortal(clean.ports, fate), ANSWERS[how])
    check(clean, how)
    for at in range(1, fate.count + 1):
        for side in SIDES:
            firm = begun()
            with pytest.raises(Killed):
                review(mortal(firm.ports, Fate(at, side)), ANSWERS[how])
            review(firm.ports, ANSWERS[how])
            check(firm, how)
    record_property("kills", 2 * fate.count)
