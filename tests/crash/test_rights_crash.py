"""Die before and after every effect of a change of rights: rows and records tell the same."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.people import Action, Decision, GrantState
from keyguard.workflows import approvals, declare_party, end_grant, end_person, give_grant
from keyguard.workflows.handout import hand_out
from keyguard.workflows.identity import names
from tests.crash.killing import Fate, Killed, mortal
from tests.fakes.firm import BOT, HANA, JO, KIM, Firm

OTHER = replace(BOT, executable="/usr/bin/other")


def give(ports, firm):
    give_grant.give(ports, give_grant.Wanted("hana", key="desk/bot"), actor=KIM)


def ask(ports, firm):
    give_grant.give(ports, give_grant.Wanted("jo", key="desk/bot"), actor=KIM)


def approve(ports, firm):
    approvals.decide(ports, approvals.pending(ports)[0].id, Decision.APPROVE, actor=HANA)


def reject(ports, firm):
    approvals.decide(ports, approvals.pending(ports)[0].id, Decision.REJECT, actor=HANA)


def end_one(ports, firm):
    end_grant.end(ports, ports.people.grants()[0].id, actor=KIM, reason="over")


def leave(ports, firm):
    end_person.end(ports, "hana", actor=KIM, reason="leaver")


def end_party(ports, firm):
    declare_party.end(ports, "acme", actor=KIM, reason="over")


def use(ports, firm):
    hand_out(ports, "desk/bot", purpose="", mode="env", actor=HANA, process=BOT)


def use_approved(ports, firm):
    """From another program, which a second person has agreed to."""
    hand_out(
        ports, "desk/bot", purpose="", mode="env", actor=HANA, process=OTHER, raise_alert=lambda *_: None
    )


def begun():
    """hana holds a grant, jo waits for one."""
    firm = Firm()
    firm.grant("hana")
    firm.grant("jo")
    firm.use(HANA)
    firm.rule({"kind": "new_executable", "action": "approve"})
    with suppress(UsageError):
        use_approved(firm.ports, firm)
    agreed = next(one for one in approvals.pending(firm.ports) if one.action is Action.USE)
    approvals.decide(firm.ports, agreed.id, Decision.APPROVE, actor=KIM)
    return firm


def holds(firm):
    """The rows and the records tell the same."""
    named = names(firm.ports, "examplex")
    given = {body["grant"] for body in firm.audit.bodies("access.grant")}
    revoked = {body["grant"] for body in firm.audit.bodies("access.revoke")}
    rows = {named.record_id(grant.id): grant for grant in firm.people.grants()}
    assert given == {id_ for id_, grant in rows.items() if grant.state is GrantState.GIVEN}
    assert revoked == {id_ for id_, g in rows.items() if id_ in given and g.span.ended_at is not None}
    approved = {b["approval"] for b in firm.audit.bodies("approval.decide")}
    assert approved == {named.record_id(a.id) for a in firm.people.approvals() if a.decision is not None}
    changed = [b["kind"] for b in firm.audit.bodies("people.change") if b["change"] == "ended"]
    ended = [
        *(p for p in firm.people.persons() if p.span.ended_at),
        *(p for p in firm.people.parties() if p.span.ended_at),
        *(g for g in firm.people.grants() if g.span.ended_at),
    ]
    assert len(changed) == len(ended)
    for person in firm.people.persons():
        if person.span.ended_at:
            assert all(g.span.ended_at or g.state is GrantState.REJECTED
                       for g in firm.people.grants(person=person.id))  # fmt: skip
    used = [one for one in firm.people.approvals() if one.action is Action.USE and one.used_at]
    others = [part for part in firm.audit.private().values() if b'"use_rules"' in part]
    assert len(used) == min(len(others), 1)  # the word is spent with the hand-out, or neither
    leases = firm.inventory.running_leases()
    assert len(leases) <= len(firm.audit.bodies("handout"))
    firm.audit.verify()


def calls(act):
    fate = Fate()
    firm = begun()
    act(mortal(firm.ports, fate), firm)
    return fate.count


CASES = [
    (act, at, side)
    for act in (give, ask, approve, reject, end_one, leave, end_party, use, use_approved)
    for at in range(1, calls(act) + 1)
    for side in ("before", "after")
]


@pytest.mark.parametrize(("act", "at", "side"), CASES, ids=lambda v: getattr(v, "__name__", str(v)))
def test_rows_and_records_agree_after_every_death_and_the_work_can_be_done_again(act, at, side):
    firm = begun()
    with pytest.raises(Killed):
        act(mortal(firm.ports, Fate(at, side)), firm)
    holds(firm)
    try:
        act(firm.ports, firm)
    except UsageError as error:  # it was done: the kill came after its commit
        assert error.code in ("people.ended", "approval.decided", "grant.unknown")
    except IndexError:
        assert act in (approve, reject) and not approvals.pending(firm.ports)
    holds(firm)
    if act in (leave, end_party):
        with pytest.raises(UsageError, match="may not use"):
            firm.use(HANA if act is leave else JO)
