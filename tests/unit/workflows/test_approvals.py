"""Four eyes: who asks cannot agree, an answer stays, an approval is used once."""

from __future__ import annotations

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.people import Action, Capacity, Contract, Decision, GrantState, Role
from keyguard.core.rights import FourEyes, RightsPolicy, SelfApproval
from keyguard.workflows import approvals, declare_party, end_person
from keyguard.workflows.identity import Actor, names
from tests.fakes.firm import BO, DAY, HANA, JO, KIM, Firm
from tests.fakes.world import ACTOR, World

APPROVE, REJECT = Decision.APPROVE, Decision.REJECT


def refused(act, code):
    with pytest.raises(UsageError) as caught:
        act()
    assert caught.value.code == code, caught.value
    return caught.value


@pytest.fixture
def firm():
    return Firm()


@pytest.fixture
def asked(firm):
    """A grant to the contractor that waits for somebody else than kim and jo."""
    return firm.grant("jo", why="builds the hedger")


def test_a_grant_to_another_companys_person_waits(firm, asked):
    assert asked.state is GrantState.ASKED
    error = refused(lambda: firm.use(JO), "rights.grant_asked")
    assert error.hint.endswith(f"keyguard approve {asked.approval}")
    (waiting,) = approvals.pending(firm.ports)
    assert (waiting.rule, waiting.asked_by, waiting.why) == ("external_grant", "kim", "builds the hedger")
    (request,) = firm.audit.bodies("approval.request")
    assert request["reason"] == "builds the hedger"
    assert (firm.audit.bodies("access.grant"), firm.audit.bodies("approval.decide")) == ([], [])


def test_once_approved_it_is_in_force_and_on_record_with_party_and_contract(firm, asked):
    decided = approvals.decide(firm.ports, asked.approval[:6], APPROVE, actor=HANA, comment="seen")
    assert (decided.decided_by, decided.decided_at) == ("hana", firm.clock.now())
    assert firm.use(JO).grant_id == asked.id
    assert firm.audit.types()[-6:] == [
        "approval.decide",
        "people.change",
        "party.set",
        "access.grant",
        "handout",
    ] or firm.audit.types()[-4:] == ["people.change", "party.set", "access.grant", "handout"]
    (given,) = firm.audit.bodies("access.grant")
    named = names(firm.ports, "examplex")
    assert (given["capacity"], given["party"]) == ("contractor", named.party("acme"))
    assert given["until"].startswith("2027-02")
    assert firm.audit.bodies("approval.decide")[0]["by"] == named.person("hana")
    assert approvals.pending(firm.ports) == ()


def test_a_rejection_is_final(firm, asked):
    approvals.decide(firm.ports, asked.approval, REJECT, actor=KIM, comment="not needed")
    refused(lambda: firm.use(JO), "rights.grant_rejected")
    refused(lambda: approvals.decide(firm.ports, asked.approval, APPROVE, actor=HANA), "approval.decided")
    assert firm.audit.bodies("approval.decide")[0]["decision"] == "reject"


@pytest.mark.parametrize(
    ("actor", "code"),
    [(KIM, "approval.self"), (JO, "approval.unfit"), (BO, "approval.unfit")],
    ids=["who asked", "who gains", "nobody knows"],
)
def test_who_cannot_approve(firm, asked, actor, code):
    refused(lambda: approvals.decide(firm.ports, asked.approval, APPROVE, actor=actor), code)
    assert firm.people.grants() == (asked,)


def test_who_left_or_is_no_human_or_lacks_the_role_cannot_approve(firm, asked):
    firm.declare("bot", Capacity.SERVICE)
    firm.declare("lee")
    end_person.end(firm.ports, "lee", actor=KIM, reason="leaver")
    for user in ("bot", "lee"):
        actor = Actor(user, "host-1")
        refused(
            lambda a=actor: approvals.decide(firm.ports, asked.approval, APPROVE, actor=a), "approval.unfit"
        )
    firm.declare("auditor", roles=frozenset({Role.APPROVER}))
    refused(lambda: approvals.decide(firm.ports, asked.approval, APPROVE, actor=HANA), "approval.unfit")
    approvals.decide(firm.ports, asked.approval, APPROVE, actor=Actor("auditor", "host-1"))


def test_a_very_small_firm_may_approve_itself_as_a_recorded_exception(firm, asked):
    firm.people.policy = RightsPolicy(self_approval=SelfApproval.EXCEPTION)
    alone = {"actor": KIM, "compensating": "the accountant reads the log monthly"}
    refused(lambda: approvals.decide(firm.ports, asked.approval, APPROVE, actor=KIM), "approval.compensating")
    refused(
        lambda: approvals.decide(firm.ports, asked.approval, APPROVE, until=firm.start, **alone),
        "approval.compensating",
    )
    until = firm.clock.now() + 90 * DAY
    decided = approvals.decide(firm.ports, asked.approval, APPROVE, until=until, **alone)
    assert decided.compensation.control == alone["compensating"]
    (body,) = firm.audit.bodies("exception.open")
    assert (body["control"], body["compensating"]) == ("four_eyes", alone["compensating"])
    assert body["approval"] == firm.audit.bodies("approval.decide")[0]["approval"]
    firm.use(JO)


def test_every_grant_where_the_policy_says_so(firm):
    firm.people.policy = RightsPolicy(four_eyes=FourEyes.ALWAYS)
    grant = firm.grant("hana")
    assert grant.state is GrantState.ASKED
    assert approvals.pending(firm.ports)[0].rule == "every_grant"


def test_a_grant_that_ran_out_meanwhile_cannot_be_approved(firm):
    grant = firm.grant("jo", until=firm.start + DAY)
    firm.clock.sleep(86400)
    refused(lambda: approvals.decide(firm.ports, grant.approval, APPROVE, actor=HANA), "approval.void")
    assert approvals.pending(firm.ports)[0].id == grant.approval


def test_an_answer_that_cannot_be_recorded_was_not_given(firm, asked):
    firm.audit.broken = True
    with pytest.raises(StoreError):
        approvals.decide(firm.ports, asked.approval, APPROVE, actor=HANA)
    firm.audit.broken = False
    refused(lambda: firm.use(JO), "rights.grant_asked")


def test_unknown_approvals(firm):
    refused(lambda: approvals.decide(firm.ports, "ap_none", APPROVE, actor=HANA), "approval.unknown")
    refused(lambda: approvals.find(firm.ports, ""), "approval.unknown")


def reveal(firm, actor=HANA):
    return approvals.require(firm.ports, Action.REVEAL, firm.key, actor=actor, why="move to the FIX engine")


def test_an_action_asks_waits_and_uses_the_answer_up(firm):
    error = refused(lambda: reveal(firm), "approval.needed")
    (waiting,) = approvals.pending(firm.ports)
    assert waiting.id in error.hint
    refused(lambda: reveal(firm), "approval.waits")
    refused(lambda: approvals.decide(firm.ports, waiting.id, APPROVE, actor=HANA), "approval.self")
    approvals.decide(firm.ports, waiting.id, APPROVE, actor=KIM)
    refused(lambda: reveal(firm, KIM), "approval.needed")  # it was not kim who asked
    assert reveal(firm).used_at == firm.clock.now()
    refused(lambda: reveal(firm), "approval.needed")


def test_an_answer_is_good_for_a_day(firm):
    refused(lambda: reveal(firm), "approval.needed")
    approvals.decide(firm.ports, approvals.pending(firm.ports)[0].id, APPROVE, actor=KIM)
    firm.clock.sleep(86400)
    refused(lambda: reveal(firm), "approval.needed")


def test_where_nobody_is_declared_nobody_is_asked():
    world = World()
    assert approvals.require(world.ports, Action.REVEAL, world.key, actor=ACTOR, why="") is None


def test_a_venue_is_told_of_a_party_once_until_something_changes(firm, asked):
    other = firm.grant("jo", purpose="hedging")
    for grant in (asked, other):
        approvals.decide(firm.ports, grant.approval, APPROVE, actor=HANA)
    assert len(firm.audit.bodies("party.set")) == 1
    contract = Contract("MSA-2", firm.start + 100 * DAY, firm.start + 200 * DAY)
    declare_party.renew(firm.ports, "acme", actor=KIM, contract=contract)
    old, new = firm.audit.bodies("party.set")
    assert (old["contract_until"], new["contract_from"]) == (new["contract_from"], old["contract_until"])
