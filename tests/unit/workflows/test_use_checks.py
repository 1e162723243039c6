"""Rules on use at hand-out: in the same transaction, on record, and told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.findings import Kind, State
from keyguard.core.people import Decision
from keyguard.core.policy import Level
from keyguard.workflows import approvals, findings, identity, rights, use_log, use_rehearsal
from keyguard.workflows.handout import hand_out
from keyguard.workflows.handout_batch import Permit, Wanted, record
from keyguard.workflows.identity import Actor
from tests.fakes.firm import BOT, HANA, KIM, Firm
from tests.fakes.world import ACTOR, PROCESS, World

NEW_PROGRAM = {"kind": "new_executable", "action": "block"}
RATE = {"kind": "rate", "action": "block", "most": 2, "within": "1h"}
OTHER = replace(BOT, executable="/tmp/other")
AWAY = Actor("hana", "laptop")


def use(world, *, actor=ACTOR, process=BOT, alerts=None):
    told = [] if alerts is None else alerts
    return hand_out(
        world.ports,
        "desk/bot",
        purpose="",
        mode="env",
        actor=actor,
        process=process,
        raise_alert=lambda found, news: told.append(found),
    )


def refused(world, **how):
    with pytest.raises(UsageError) as caught:
        use(world, **how)
    return caught.value


def batch(world, count, alerts=None):
    wanted = [Wanted("desk/bot", "", "socket", 60, ACTOR, PROCESS) for _ in range(count)]
    return record(
        world.ports,
        lambda venue: identity.names(world.ports, venue),
        lambda one: Permit(one.actor.user),
        wanted,
        raise_alert=lambda found, news: None if alerts is None else alerts.append((found, news)),
    )


def hits(world):
    """What stands open of the rules on use."""
    return [one for one in findings.open_now(world.ports) if one.item.kind is Kind.USE]


def test_what_is_blocked_is_denied_on_record_told_and_not_leased():
    world, alerts = World().rule(NEW_PROGRAM), []
    use(world)
    error = refused(world, process=OTHER, alerts=alerts)
    assert error.code == "use.new_executable"
    assert error.message == "hana may not use examplex/desk/bot by /tmp/other, for the first time"
    (denied,) = world.audit.bodies("handout.denied")
    assert denied["reason"] == "use.new_executable"
    assert len(world.audit.bodies("handout")) == len(world.inventory.running_leases()) == 1
    (alert,) = alerts
    assert (alert.kind, alert.level, alert.subject) == (Kind.USE, Level.HIGH, "examplex/desk/bot")
    refused(world, process=OTHER)  # what was refused does not make it known


def test_an_alert_lets_it_pass_and_says_so_in_the_private_part():
    world, alerts = World().rule({**NEW_PROGRAM, "action": "alert"}), []
    use(world)
    assert use(world, process=OTHER, alerts=alerts).credential
    (alert,) = alerts
    assert alert.text == (
        "hana uses it by /tmp/other, for the first time; rule new_executable: the key was handed out"
    )
    assert '"use_rules":["new_executable"]' in list(world.audit.private().values())[-1].decode()
    use(world, process=OTHER, alerts=alerts)
    assert len(alerts) == 1  # known now


def test_nobody_is_alerted_of_what_could_not_be_recorded():
    world, alerts = World().rule({**NEW_PROGRAM, "action": "alert"}), []
    use(world)
    world.audit.broken = True
    with pytest.raises(Exception, match="audit log"):
        use(world, process=OTHER, alerts=alerts)
    assert alerts == []


def test_nor_is_it_found():
    world = World().rule(NEW_PROGRAM)
    use(world)
    world.audit.broken = True
    with pytest.raises(Exception, match="audit log"):
        use(world, process=OTHER)
    assert world.findings.all() == ()


def test_what_was_hit_is_a_finding_until_a_person_closes_it():
    world = World().rule({**NEW_PROGRAM, "action": "alert"})
    use(world)
    use(world, process=OTHER)
    findings.refresh(world.ports)
    (found,) = hits(world)
    assert (found.item.kind, found.item.level) == (Kind.USE, Level.MEDIUM)
    assert found.item.subject == "examplex/desk/bot"
    findings.close(world.ports, found.id, actor=ACTOR, reason="the new build")
    assert hits(world) == []
    use(world, process=replace(BOT, executable="/tmp/third"))
    (again,) = hits(world)
    assert (again.id, again.state) == (found.id, State.OPEN)
    assert "/tmp/third" in again.item.text


def test_rule_key_and_person_tell_one_from_another(firm):
    firm.rule({**RATE, "most": 1, "action": "alert"}, {**RATE, "name": "more", "most": 1, "action": "alert"})
    firm.grant("kim")
    told = []
    for actor in (HANA, HANA, KIM):
        (answer,) = record(
            firm.ports,
            lambda venue: identity.names(firm.ports, venue),
            rights.permits(firm.ports),
            [Wanted("desk/bot", "", "socket", 60, actor, PROCESS)],
            raise_alert=lambda found, news: told.append((found.id, news)),
        )
        assert answer.lease_id
    assert len({id_ for id_, _ in told}) == 4
    assert [news for _, news in told] == [True, True, False, False, True, True]


def test_within_one_batch_each_counts_for_the_next():
    world, alerts = World().rule(RATE), []
    answers = batch(world, 4, alerts)
    assert [getattr(one, "code", "given") for one in answers] == ["given", "given", "use.rate", "use.rate"]
    assert [news for _, news in alerts] == [True]  # the same, said once
    assert getattr(batch(world, 1)[0], "code", "given") == "use.rate"
    world.clock.sleep(3600)
    assert getattr(batch(world, 1)[0], "code", "given") == "given"


def test_without_rules_nothing_is_asked_or_kept():
    world = World()
    assert world.ports.uses is None
    assert len(batch(world, 3)) == 3


def test_rules_that_come_later_know_what_was_before():
    world = World()
    use(world)
    world.clock.sleep(60)
    world.rule(NEW_PROGRAM)
    assert refused(world, process=OTHER).code == "use.new_executable"
    assert use(world)


def test_a_long_log_is_taken_in_step_by_step_and_the_same_again(monkeypatch):
    world = World()
    for _ in range(12):
        use(world)
    monkeypatch.setattr(use_log, "STEP", 3)
    world.rule(NEW_PROGRAM)
    use_log.catch_up(world.ports, world.uses)
    assert world.uses.behind() <= 3
    use(world)
    use_log.take_in(world.uses)
    stepwise = world.uses.histories([world.key.id])
    monkeypatch.undo()
    world.uses.forget()
    use_log.take_in(world.uses)
    assert world.uses.histories([world.key.id]) == stepwise
    assert len(stepwise[world.key.id].recent) == 13


def test_a_hand_out_knows_the_end_of_a_log_that_is_far_ahead(monkeypatch):
    monkeypatch.setattr(use_log, "STEP", 3)
    world = World()
    for _ in range(12):
        use(world)
    use(world, process=OTHER)
    world.rule(NEW_PROGRAM)
    assert use(world, process=OTHER)


def test_a_history_outlives_a_version_of_the_key():
    world = World().rule(NEW_PROGRAM)
    use(world)
    old = world.inventory.live_version(world.key.id)
    new = replace(old, id="v2", number=2, public_id="FAKE2", fingerprint="cd" * 32)
    world.inventory.add_version(replace(new, status=type(old.status).STAGED))
    world.inventory.switch(world.key.id, "v2")
    (answer,) = record(
        world.ports,
        lambda venue: identity.names(world.ports, venue),
        lambda one: Permit(one.actor.user),
        [Wanted("desk/bot", "", "socket", 60, ACTOR, OTHER)],
        raise_alert=lambda found, news: None,
    )
    assert answer.code == "use.new_executable"


def test_a_record_without_its_private_part_still_tells_who_and_where():
    world = World().rule({"kind": "new_host", "action": "block"})
    use(world)
    for number in list(world.audit.private()):
        del world.audit._private[number]
    assert use(world)
    assert refused(world, actor=AWAY).code == "use.new_host"


def test_a_log_that_makes_no_sense_hands_nothing_out():
    world = World().rule(NEW_PROGRAM)
    use(world)
    last = max(world.audit.private())
    world.audit._private[last] = (b"", b"[1]")
    with pytest.raises(IntegrityError) as caught:
        use(world)
    assert caught.value.code == "log.altered"


def test_a_program_whose_path_is_no_text_is_known_the_second_time():
    world = World().rule(NEW_PROGRAM)
    odd = replace(BOT, executable="/tmp/\udcff/bot")
    assert use(world, process=odd)
    assert use(world, process=odd)
    assert refused(world).message.endswith("by /usr/bin/bot, for the first time")


# --- a second person ----------------------------------------------------------------------------------


@pytest.fixture
def firm():
    made = Firm()
    made.grant("hana")
    made.rule({"kind": "new_host", "action": "approve"})
    made.use(HANA)
    return made


def test_approval_is_asked_given_and_used_once(firm):
    alerts = []
    error = refused(firm, actor=AWAY, alerts=alerts)
    assert error.code == "use.new_host"
    assert error.message == (
        "hana may use examplex/desk/bot from the host laptop, for the first time,"
        " only if a second person agrees"
    )
    assert "keyguard approve ap_" in error.hint
    refused(firm, actor=AWAY, alerts=alerts)
    assert len(alerts) == 1  # asked once, told once
    assert [body["reason"] for body in firm.audit.bodies("handout.denied")] == ["use.new_host"] * 2
    (waiting,) = approvals.pending(firm.ports)
    with pytest.raises(UsageError, match="cannot approve"):
        approvals.decide(firm.ports, waiting.id, Decision.APPROVE, actor=HANA)
    approvals.decide(firm.ports, waiting.id, Decision.APPROVE, actor=KIM)
    assert use(firm, actor=AWAY).credential
    assert use(firm, actor=AWAY).credential  # the host is known now
    assert approvals.find(firm.ports, waiting.id).used_at is not None


def test_approval_is_for_exactly_what_was_asked(firm):
    refused(firm, actor=AWAY)
    (waiting,) = approvals.pending(firm.ports)
    approvals.decide(firm.ports, waiting.id, Decision.APPROVE, actor=KIM)
    assert refused(firm, actor=Actor("hana", "elsewhere")).code == "use.new_host"
    assert refused(firm, actor=AWAY, process=OTHER).code == "use.new_host"
    assert use(firm, actor=AWAY).credential


def test_what_the_venue_is_told_of_the_request_names_nobody(firm):
    refused(firm, actor=AWAY)
    request = firm.audit.bodies("approval.request")[-1]
    assert (request["action"], request["reason"]) == ("use", "rule on use: new_host")
    assert "laptop" not in str(request) and "hana" not in str(request)


def test_where_nobody_is_declared_nobody_can_agree():
    world = World().rule({**NEW_PROGRAM, "action": "approve"})
    use(world)
    error = refused(world, process=OTHER)
    assert error.code == "use.new_executable"
    assert "nobody is declared" in error.message


def test_block_wins_and_asks_nobody(firm):
    firm.rule({"kind": "new_host", "action": "approve"}, RATE | {"most": 1})
    assert refused(firm, actor=AWAY).code == "use.rate"
    assert approvals.pending(firm.ports) == ()


def test_two_companies_and_the_end_of_a_contract():
    firm = Firm()
    firm.grant("hana")
    approvals.decide(firm.ports, firm.grant("jo").approval, Decision.APPROVE, actor=HANA)
    firm.rule(
        {"kind": "two_parties", "action": "alert", "within": "1h"},
        {"kind": "contract_end", "action": "alert", "ahead": "30d"},
    )
    alerts = []
    use(firm, actor=HANA, alerts=alerts)
    use(firm, actor=Actor("jo", "host-1"), alerts=alerts)
    (alert,) = alerts
    assert "though the firm itself used it" in alert.text
    assert "rule two_parties" in alert.text
    firm.clock.sleep(timedelta(days=80).total_seconds())
    use(firm, actor=Actor("jo", "host-1"), alerts=alerts)
    assert "contract with acme ends" in alerts[-1].text


def test_addresses_are_those_declared_for_the_host_and_the_log_remembers_them():
    rules = (
        {"kind": "new_address", "action": "block"},
        {"kind": "two_organisations", "action": "alert", "within": "1d"},
    )
    office = {"host": "host-1", "addresses": "203.0.113.7", "organisation": "kgtrading"}
    agency = {"host": "laptop", "addresses": ["198.51.100.2"], "organisation": "acme"}
    world, alerts = World().rule(*rules, egress=[office, agency]), []
    use(world)
    private = list(world.audit.private().values())[-1].decode()
    assert '"addresses_declared":["203.0.113.7"]' in private
    assert '"organisation_declared":"kgtrading"' in private
    assert "203.0.113.7" not in str(world.audit.bodies("handout"))  # no venue is told
    assert "from the address 198.51.100.2 of laptop" in refused(world, actor=AWAY).message
    assert "nobody has declared" in refused(world, actor=Actor("hana", "elsewhere")).message
    world.rule(rules[1], egress=[office, agency])  # another process, which knows what the log tells
    use(world, actor=AWAY, alerts=alerts)
    assert "from acme's addresses, though it was used from kgtrading's" in alerts[0].text


# --- the rehearsal ------------------------------------------------------------------------------------


def test_a_rehearsal_says_what_would_have_been_and_changes_nothing():
    world = World()
    for process in (BOT, OTHER, OTHER, BOT):
        use(world, process=process)
        world.clock.sleep(60)
    world.rule(NEW_PROGRAM, {"kind": "rate", "name": "many", "action": "alert", "most": 1, "within": "5m"})
    before = world.audit.types()
    told = use_rehearsal.rehearse(world.ports, world.uses)
    assert (told.judged, told.blocked, told.approvals, told.unknown) == (4, 2, 0, 0)
    new, many = told.tallies
    assert (new.hits, many.hits) == (2, 3)  # what is blocked would not have become known
    assert [one.words for one in new.examples] == ["by /tmp/other, for the first time"] * 2
    assert {(one.key, one.who) for one in new.examples} == {("examplex/desk/bot", "hana")}
    assert (world.audit.types(), world.uses.taken_in()) == (before, -1)


def test_a_rehearsal_from_a_day_on_knows_what_was_before():
    world = World()
    use(world)
    world.clock.sleep(60)
    since = world.clock.now()
    use(world, process=OTHER)
    world.rule(NEW_PROGRAM)
    told = use_rehearsal.rehearse(world.ports, world.uses, since)
    assert (told.judged, told.blocked) == (1, 1)
    world.clock.sleep(60)
    assert use_rehearsal.rehearse(world.ports, world.uses, world.clock.now()).judged == 0


def test_a_rehearsal_does_as_the_rules_would_have_done():
    """The same uses under rules, and rehearsed without: the same are blocked."""
    ruled, free = World().rule(NEW_PROGRAM, RATE), World()
    order = (BOT, BOT, OTHER, BOT, BOT, OTHER)
    for process in order:
        for world in (ruled, free):
            if world is ruled:
                batch_answer(world, process)
            else:
                use(world, process=process)
            world.clock.sleep(600)
    denied = ruled.audit.bodies("handout.denied")
    told = use_rehearsal.rehearse(free.rule(NEW_PROGRAM, RATE).ports, free.uses)
    assert told.blocked == len(denied) > 0


def test_keys_that_are_gone_are_counted():
    world = World()
    use(world)
    world.inventory.remove_key(world.key.id)
    world.rule(NEW_PROGRAM)
    told = use_rehearsal.rehearse(world.ports, world.uses)
    assert (told.judged, told.unknown) == (0, 1)


def batch_answer(world, process):
    try:
        return use(world, process=process)
    except UsageError as error:
        return error
