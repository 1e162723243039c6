"""Minimising: the plan from what is stored, and the narrowing itself at a venue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keyguard.core.errors import ExchangeError, Refused, UsageError
from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Origin, Scope, VersionStatus
from keyguard.workflows import declare_desk, narrowing, usage
from keyguard.workflows.blast import dangers
from keyguard.workflows.handout import hand_out
from keyguard.workflows.identity import Actor
from keyguard.workflows.inspect_key import inspect_key
from keyguard.workflows.minimise import Options, minimise, plan
from keyguard.workflows.proposal import Fix
from keyguard.workflows.recovery import cancel, resume
from tests.fakes.firm import HANA, KIM, Firm
from tests.fakes.world import ACTOR, PROCESS, World

HERE, OTHER = "203.0.113.7", "198.51.100.9"
TRADER = Scope.READ | Scope.TRADE_SPOT
EGRESS = [{"host": "host-1", "addresses": [HERE]}]


def world(
    variant="full", *, grants=("payout", "trade", "view"), ips=(HERE, OTHER), egress=EGRESS, **settings
):
    made = World(variant, **settings)
    if egress:
        made.rule(egress=egress)
    held = made.exchange.keys[made.old.key]
    made.exchange.keys[made.old.key] = replace(held, grants=grants, ips=ips)
    return made


def use(firm, *, host="host-1", purpose=""):
    return hand_out(
        firm.ports,
        "desk/bot",
        purpose=purpose,
        mode="env",
        actor=Actor("hana", host),
        process=PROCESS,
        raise_alert=lambda found, news: None,
    )


def apply(firm, options=None, *, agree=True):
    asked = []

    def consent(proposal):
        asked.append(proposal)
        return agree

    done = minimise(
        firm.ports,
        "bot",
        options or Options(),
        actor=ACTOR,
        process_alive=firm.process_alive,
        consent=consent,
    )
    return done, asked


def planned(firm, options=None):
    inspect_key(firm.ports, "bot")
    (proposal,) = plan(firm.ports, [firm.key], options or Options(), here="host-1")
    return proposal


def held(firm):
    key = firm.exchange.keys[firm.old.key]
    return key.grants, key.ips


def test_the_plan_says_what_is_too_much_and_what_a_thief_gains_by_it():
    firm = world()
    use(firm, purpose="quoting")
    proposal = planned(firm)
    assert proposal.excess.scopes is Scope.WITHDRAW
    assert proposal.excess.ips == (OTHER,)
    assert proposal.subject.usage.purposes == ("quoting",)
    assert proposal.subject.usage.scopes is None, "not seen is not unused"
    assert "withdraw all funds to any address" in proposal.danger.words
    assert "held now by bot (pid 4242 on host-1)" in proposal.danger.words
    assert "withdraw" not in proposal.then.words
    assert proposal.fix is Fix.EDIT
    assert (proposal.spec.scopes, proposal.spec.ips) == (TRADER, (HERE,))


def test_the_plan_asks_no_venue_and_changes_nothing():
    firm = world()
    inspect_key(firm.ports, "bot")
    sent, records = list(firm.gateway.sent), len(firm.audit.types())
    plan(firm.ports, firm.inventory.keys(), Options())
    assert (firm.gateway.sent, len(firm.audit.types())) == (sent, records)


def test_it_is_narrowed_and_seen_so_while_its_users_run_on():
    firm = world()
    use(firm)
    done, asked = apply(firm)
    assert asked == [done.proposal]
    assert held(firm) == (("trade", "view"), (HERE,))
    assert firm.answers(firm.old)
    assert (done.workflow.kind, done.workflow.state) == ("minimise", "observed")
    version = firm.inventory.live_version(firm.key.id)
    assert version.public_id == firm.old.key
    assert firm.inventory.last_observation(version.id).report.scopes == TRADER
    again, _ = apply(firm)
    assert (again.workflow, again.proposal.fix) == (None, Fix.NOTHING)


def test_nothing_is_done_without_consent():
    firm = world()
    use(firm)
    before = held(firm)
    done, asked = apply(firm, agree=False)
    assert (done.workflow, len(asked), held(firm)) == (None, 1, before)
    assert firm.journal.workflows() == ()
    assert firm.audit.bodies("key.update") == []


def test_addresses_stay_open_where_use_was_not_seen():
    firm = world()
    done, _ = apply(firm)
    assert held(firm) == (("trade", "view"), (OTHER, HERE))
    assert "no use of it was seen" in done.proposal.excess.notes[0]


def test_addresses_stay_open_while_a_host_has_none_declared():
    firm = world()
    use(firm)
    use(firm, host="osaka-2")
    proposal = planned(firm)
    assert proposal.excess.keep_ips == (HERE, OTHER)
    assert proposal.subject.usage.unplaced == ("osaka-2",)


def test_a_use_longer_ago_than_the_window_keeps_nothing_open():
    firm = world()
    given = use(firm)
    firm.inventory.end_lease(given.lease_id, firm.clock.now())
    firm.clock.sleep(timedelta(days=91).total_seconds())
    assert usage.usages(firm.ports, [firm.key])[firm.key.id].handouts == 0
    longer = usage.usages(firm.ports, [firm.key], window=timedelta(days=100))
    assert longer[firm.key.id].addresses == (HERE,)


def test_needs_declared_now_are_kept_and_on_record():
    firm = world()
    apply(firm, Options(needs=Scope.READ, force=True))
    assert held(firm)[0] == ("view",)
    assert firm.inventory.find_key("bot").needs is Scope.READ
    declared = firm.audit.bodies("key.update")[0]["changes"]
    assert declared["scopes_needed"] == {"old": ["read", "trade_spot"], "new": ["read"]}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (Options(needs=Scope.READ), "minimise.below_needs"),
        (Options(ips=(OTHER,)), "minimise.in_use"),
        (Options(ips=("192.0.2.1",), force=True), "minimise.widening"),
        (Options(ips=(), force=True), "minimise.widening"),
    ],
)
def test_what_is_needed_or_in_use_is_not_taken_away_without_force_and_nothing_is_widened(options, code):
    firm = world()
    use(firm)
    before = held(firm)
    with pytest.raises(UsageError) as caught:
        apply(firm, options)
    assert (caught.value.code, held(firm)) == (code, before)
    assert caught.value.still == "nothing was changed"


def test_by_force_an_address_in_use_is_closed():
    firm = world()
    use(firm)
    apply(firm, Options(ips=(OTHER,), force=True))
    assert held(firm)[1] == (OTHER,)


def test_undeclared_needs_are_asked_for():
    firm = world()
    firm.inventory.update_key(replace(firm.key, needs=Scope.NONE))
    use(firm)
    apply(firm)
    assert held(firm) == (("payout", "trade", "view"), (HERE,)), "addresses need no declaration"
    (proposal,) = plan(firm.ports, [firm.inventory.find_key("bot")], Options())
    assert proposal.fix is Fix.DECLARE
    assert "--needs" in proposal.why


def test_a_person_does_it_at_the_page_where_no_api_does():
    firm = world("guided")
    use(firm)
    done, _ = apply(firm)
    assert done.proposal.fix is Fix.GUIDE
    assert held(firm) == (("trade", "view"), (HERE,))
    assert [guide.title for guide in firm.person.guides] == ["edit"]


def test_a_person_who_did_not_do_it_is_found_out_and_asked_again():
    firm = world("guided")
    use(firm)
    firm.person.lazy = True
    with pytest.raises(ExchangeError) as caught:
        apply(firm)
    assert caught.value.code == "minimise.not_proven"
    assert "it may withdraw too" in caught.value.message
    (workflow,) = firm.journal.workflows(unfinished=True)
    assert f"keyguard workflow cancel {workflow.id}" in caught.value.hint
    firm.person.lazy = False
    done = resume(firm.ports, workflow.id, actor=ACTOR, process_alive=firm.process_alive)
    assert (done.state, held(firm)[0]) == ("observed", ("trade", "view"))
    assert len(firm.person.guides) == 2


def test_what_is_given_up_is_observed_as_it_is():
    firm = world("guided")
    firm.person.lazy = True
    with pytest.raises(ExchangeError):
        apply(firm)
    (workflow,) = firm.journal.workflows(unfinished=True)
    done = cancel(firm.ports, workflow.id, actor=ACTOR, process_alive=firm.process_alive)
    assert (done.state, done.finished) == ("aborted", True)
    assert "withdraw" in firm.audit.bodies("key.observe")[-1]["scopes_granted"]


def test_a_key_that_cannot_be_changed_is_replaced_by_a_narrower_one():
    firm = world("guided")
    firm.exchange.page_edits = False
    use(firm)
    done, _ = apply(firm)
    assert done.proposal.fix is Fix.REISSUE
    assert (done.workflow.kind, done.workflow.state) == ("rotate", "buried")
    (working,) = firm.exchange.working()
    assert (working.grants, working.ips) == (("trade", "view"), (HERE,))
    assert not firm.answers(firm.old)


def test_an_edit_that_only_the_page_offers_is_guided():
    firm = world()
    firm.exchange.page_only = True
    done, _ = apply(firm)
    assert done.proposal.fix is Fix.GUIDE
    assert held(firm)[0] == ("trade", "view")


def test_permissions_that_do_not_add_up_are_left_and_said():
    firm = world(grants=("payout", "view"))
    firm.inventory.update_key(replace(firm.key, needs=Scope.TRANSFER_INTERNAL | Scope.READ))
    done, _ = apply(firm)
    assert held(firm)[0] == ("view",), "what it lacks is not given"
    assert "it lacks transfer_internal" in done.proposal.excess.notes[0]


def test_one_narrowed_elsewhere_meanwhile_is_not_widened_again():
    firm = world()
    use(firm)

    def consent(proposal):
        firm.exchange.edit(firm.old.key, grants=("view",))
        return True

    with pytest.raises(UsageError) as caught:
        minimise(
            firm.ports,
            "bot",
            Options(),
            actor=ACTOR,
            process_alive=firm.process_alive,
            consent=consent,
        )
    assert caught.value.code == "minimise.changed"
    assert held(firm)[0] == ("view",)


def test_a_key_that_does_not_work_from_here_is_seen_in_its_managers_list():
    firm = world()
    firm.exchange.refuse = {"GET /whoami": "1007"}
    version = firm.inventory.live_version(firm.key.id)
    manager = firm.inventory.find_key("manager").id
    seen = narrowing.look(firm.ports, firm.key, version, manager, "A1")
    assert seen.scopes == TRADER | Scope.WITHDRAW
    with pytest.raises(Refused):
        narrowing.look(firm.ports, firm.key, version, "", "A1")


def test_what_the_key_was_told_fills_what_the_list_does_not():
    listed = KeyReport("FAKEkey1", ref="7", label="bot", account="sub")
    told = KeyReport(
        "FAKEkey1", scopes=TRADER, scopes_origin=Origin.INFERRED, grants=("g",), ips=(HERE,), account="12"
    )
    found = narrowing.merged(listed, told)
    assert (found.ref, found.account, found.scopes, found.grants) == ("7", "sub", TRADER, ("g",))
    assert found.ips == (HERE,)
    assert (
        narrowing.merged(replace(told, scopes_origin=Origin.REPORTED), told).scopes_origin is Origin.REPORTED
    )


def test_a_venue_that_tells_nothing_is_not_taken_for_narrowed():
    firm = world("blind")
    firm.exchange.tells_ips = False
    apply(firm, Options(ips=(HERE,)))
    assert held(firm) == (("trade", "view"), (HERE,)), "the page was changed all the same"
    version = firm.inventory.live_version(firm.key.id)
    report = firm.inventory.last_observation(version.id).report
    assert (report.ips, report.ips_origin) == ((HERE,), Origin.DECLARED)


def test_a_dead_or_unseen_key_has_nothing_to_narrow():
    firm = world()
    firm.exchange.keys[firm.old.key] = replace(firm.exchange.keys[firm.old.key], enabled=False)
    version = firm.inventory.live_version(firm.key.id)
    seen = firm.inventory.last_observation(version.id)
    firm.inventory.observe(replace(seen, report=replace(seen.report, enabled=False)))
    (proposal,) = plan(firm.ports, [firm.key], Options())
    assert (proposal.fix, proposal.why) == (Fix.NOTHING, "it is expired or disabled")


def test_without_a_managing_key_the_plan_says_what_would_be_cheaper():
    firm = world(with_manager=False)
    use(firm)
    done, _ = apply(firm)
    assert done.proposal.fix is Fix.GUIDE
    assert "by API too, with a key that manages the account" in done.proposal.why


def test_scopes_that_the_venue_cannot_grant_alone_are_said():
    firm = world(grants=("bundle",))
    firm.exchange.adapter.scopes.names["bundle"] = TRADER | Scope.WITHDRAW | Scope.OTHER
    firm.inventory.update_key(replace(firm.key, needs=TRADER | Scope.OTHER))
    try:
        done, _ = apply(firm)
    finally:
        del firm.exchange.adapter.scopes.names["bundle"]
    assert (done.workflow, done.proposal.fix) == (None, Fix.NOTHING)
    assert "cannot grant exactly" in done.proposal.why


def test_desks_that_share_a_key_are_named():
    firm = Firm()
    firm.grant("hana")
    declare_desk.declare(firm.ports, "arb", actor=KIM)
    firm.grant("hana", desk="arb", scopes=TRADER)
    assert usage.desks(firm.key, firm.people.grants(), firm.clock.now()) == ("arb", "desk")
    firm.grant("hana", desk="desk", scopes=TRADER)
    assert usage.desks(firm.key, firm.people.grants(), firm.clock.now()) == ("desk",)


def test_users_are_called_by_their_names():
    firm = Firm()
    firm.grant("hana")
    firm.use(HANA)
    assert usage.usages(firm.ports, [firm.key])[firm.key.id].persons == ("hana",)


def test_the_firm_is_ranked():
    firm = world()
    inspect_key(firm.ports, "bot")
    assert [one.key.label for one in dangers(firm.ports, firm.inventory.keys())] == ["bot", "manager"]
    version = firm.inventory.live_version(firm.key.id)
    firm.inventory.set_status(version.id, VersionStatus.DEAD)
    assert [one.key.label for one in dangers(firm.ports, firm.inventory.keys())] == ["manager"]
