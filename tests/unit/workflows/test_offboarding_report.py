"""The report of an off-boarding: made of what is on record, it grows, and tells the same after a crash."""

from __future__ import annotations

import json
from dataclasses import replace

from keyguard.core.people import Capacity, Decision
from keyguard.workflows import approvals, declare_party, end_person, offboard, offboarding_report
from keyguard.workflows.handout import end
from keyguard.workflows.rotate import Options
from keyguard.workflows.rotate_each import rotate_each
from tests.fakes.firm import BOT, HANA, JO, KIM, Firm


def report(firm, kind, subject, *people):
    plans = [offboard.plan(firm.ports, person) for person in people]
    kept = offboarding_report.keep(firm.ports, kind, subject, plans)
    return kept, json.loads(kept.document)


def rotated(firm, plans):
    keys = [one.key for one in offboarding_report.merged(plans) if one.must_rotate]
    return rotate_each(firm.ports, keys, Options(overlap_s=0), actor=KIM, process_alive=firm.process_alive)


def test_from_the_end_of_the_grants_to_the_last_proof():
    firm = Firm()
    firm.grant("hana")
    given = firm.use(HANA)
    firm.use(HANA, purpose="reveal: to type it in")
    firm.clock.sleep(60)
    left = end_person.end(firm.ports, "hana", actor=KIM, reason="leaver").person.span.ended_at
    first, told = report(firm, "person", "hana", "hana")
    (key,) = told["keys"]
    assert (key["key"], key["state"], key["handouts"], key["revealed"]) == (firm.key.name, "open", 2, 1)
    assert (key["holders"], key["any_address"], key["dead_at"], key["proof"]) == (1, False, None, None)
    assert key["command"] == f"keyguard key rotate {firm.key.name} --reason leaver"
    assert (told["open"], told["dead"], told["people"][0]["grants"][0]["ended_at"]) == (
        1, 0, left.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    )  # fmt: skip
    firm.clock.sleep(30)
    end(firm.ports, given.lease_id)
    assert rotated(firm, [offboard.plan(firm.ports, "hana")]).failed == {}
    again, told = report(firm, "person", "hana", "hana")
    assert again.id == first.id
    assert firm.incidents.reports() == (again,)
    (key,) = told["keys"]
    assert (key["state"], key["handouts"], key["command"]) == ("dead", 2, None)
    assert key["seconds_to_dead"] >= 30
    assert key["proof"]
    assert told["last_dead_at"] == key["dead_at"]
    assert firm.old.secret.reveal() not in again.document
    assert firm.old.key not in again.document


def test_a_key_that_had_died_before_has_no_time_after():
    firm = Firm()
    firm.grant("hana")
    end(firm.ports, firm.use(HANA).lease_id)
    rotated(firm, [offboard.plan(firm.ports, "hana")])
    firm.clock.sleep(60)
    end_person.end(firm.ports, "hana", actor=KIM, reason="leaver")
    _, told = report(firm, "person", "hana", "hana")
    (key,) = told["keys"]
    assert (key["state"], key["seconds_to_dead"]) == ("dead", None)


def test_a_party_with_all_its_people_each_key_once():
    firm = Firm()
    firm.declare("al", Capacity.CONTRACTOR, party="acme")
    al = replace(JO, user="al")
    for person in ("jo", "al"):
        firm.grant(person)
    for waiting in approvals.pending(firm.ports):
        approvals.decide(firm.ports, waiting.id, Decision.APPROVE, actor=HANA)
    firm.use(JO, process=replace(BOT, pid=9))
    firm.use(al)
    firm.use(al, process=replace(BOT, pid=7))
    declare_party.end(firm.ports, "acme", actor=KIM, reason="over")
    kept, told = report(firm, "party", "acme", "al", "jo")
    (key,) = told["keys"]
    assert (key["state"], key["handouts"], sorted(key["running_pids"])) == ("open", 3, [7, 9, 4242])
    assert [person["person"] for person in told["people"]] == ["al", "jo"]
    assert firm.incidents.find_report(kept.id[3:8]) == kept


def test_who_was_never_handed_anything_could_have_used_it():
    firm = Firm()
    firm.grant("hana")
    end_person.end(firm.ports, "hana", actor=KIM, reason="leaver")
    _, told = report(firm, "person", "hana", "hana")
    assert [(key["state"], key["command"]) for key in told["keys"]] == [("could_use", None)]
