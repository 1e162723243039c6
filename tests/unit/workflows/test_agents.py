"""Logs of other hosts: enrolled, taken in, attested together; what a liar brings is refused and kept."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.findings import Kind
from keyguard.core.secret import Secret
from keyguard.kga import bundle, container, dsse, log_copy, statement
from keyguard.kga.verdict import Exit, Failed, Malformed
from keyguard.kga.verify.opening import Wanted
from keyguard.kga.verify.steps import verify
from keyguard.kga.verify.trust import parse
from keyguard.workflows import agent_salts, agents, attest_guard
from keyguard.workflows.attest_documents import document
from keyguard.workflows.attest_packs import demand_nothing
from keyguard.workflows.attest_predicate import Recipient
from keyguard.workflows.identity import names
from keyguard.workflows.log_hand_over import hand_over
from keyguard.workflows.log_renew import renew
from keyguard.workflows.seal import make_seal
from keyguard.workflows.trust_file import key_card, trust_file
from tests.fakes.attesting import ACTOR, AUDITOR, BITHUMB, REGISTER, UPBIT, Firm
from tests.fakes.sealing import HANDOUT, KEY, copied, log_ports
from tests.kga import alone
from tests.kga.making import private, public

OTHER_KEY = "6b" * 32
LISTED = {"by": "venue_api", "count": 2, "keys": [KEY, OTHER_KEY], "unknown": [OTHER_KEY]}


class Two(Firm):
    """A firm with a second host, `host-2`, whose home has the primary's salts."""

    def __init__(self):
        super().__init__()
        self.agent = self.home()

    def home(self, *venues):
        ports = log_ports(self.ports.clock, role="agent")
        agent_salts.take(ports, "keyguard/primary", agent_salts.give(self.ports, ["upbit", *venues]))
        beat = {"host": names(ports, "firm").host("host-2"), "seq": 0}
        ports.audit.append("firm", "log.heartbeat", beat, private={"uptime": 1})
        return ports

    def copy(self):
        return hand_over(self.agent)[1]

    def enroll(self, data=None, **more):
        data = data or self.copy()
        said = {"compared": agents.fingerprint(log_copy.unpack(data)), "host": "host-2", "actor": ACTOR}
        return agents.enroll(self.ports, self.copies, data, **(said | more))

    def copies_of(self):
        return log_copy.unpack(next(iter(self.copies.files.values())))

    def take_in(self, data=None):
        return agents.take_in(self.ports, self.copies, self.copy() if data is None else data)


def refused(code, action, *words, **more):
    with pytest.raises((UsageError, IntegrityError)) as error:
        action(*words, **more)
    assert error.value.code == code
    return error.value


def derived(made):
    return json.loads(container.unpack(made.data)["derived.json"])


def test_two_hosts_are_attested_in_one_file():
    firm = Two()
    agent = firm.enroll()
    firm.agent.audit.append("upbit", "key.register", REGISTER | {"key": OTHER_KEY, "account": "MM-02"})
    firm.audit.append("upbit", "venue.keys_listed", LISTED)  # the primary has not registered it
    firm.agent.audit.append("upbit", "handout", HANDOUT | {"key": OTHER_KEY})
    firm.wait()
    firm.take_in()
    (made,) = firm.attest(0, 1)
    said = made.predicate["logs"]
    assert [one["role"] for one in said] == ["primary", "agent"]
    assert (said[1]["origin"], said[1]["vkey"]) == (agent.origin, agent.vkey)
    tables = derived(made)
    rows = {row["key"]: row for row in tables["register"]}
    assert rows[KEY]["handouts"] == 4, "two of each host"
    assert rows[OTHER_KEY]["handouts"] == 1
    assert tables["summary"]["seals"] == said[0]["seal_no"] + said[1]["seal_no"] + 2
    assert not [one for one in tables["findings"] if one["code"] == "F11"], "no stranger: the agent has it"
    assert "F11" not in " ".join(made.predicate["reservations"])


def test_the_next_one_continues_both_logs():
    firm = Two()
    firm.enroll()
    firm.wait()
    firm.take_in()
    (first,) = firm.attest(0, 1)
    firm.wait(2)
    firm.agent.audit.append("upbit", "handout", HANDOUT)
    firm.wait()
    firm.take_in()
    (second,) = firm.attest(1, 4)
    before, after = first.predicate["logs"], second.predicate["logs"]
    assert [one["previous"]["to"] for one in after] == [one["to"] for one in before]
    assert after[1]["from"] == 0, "an agent's log has no snapshots"
    assert derived(second)["register"][0]["handouts"] == 1


def test_a_snapshot_says_of_a_key_of_both_what_both_said():
    firm = Two()
    firm.enroll()
    person = {"reason": "leak", "by": HANDOUT["person"], "at_venue": "api"}
    firm.agent.audit.append("upbit", "key.revoke", {"key": KEY, **person})
    listed = LISTED | {"keys": [OTHER_KEY], "count": 1}
    firm.audit.append("upbit", "venue.keys_listed", listed)  # a stranger, as far as this log knows
    firm.agent.audit.append("upbit", "key.register", REGISTER | {"key": OTHER_KEY})
    for since, until in ((0, 1), (1, 2), (2, 3)):
        firm.wait()
        firm.take_in()
        (made,) = firm.attest(since, until)
    assert made.predicate["logs"][0]["from"] > 0, "it begins with a snapshot of the primary"
    tables = derived(made)
    assert [row["key"] for row in tables["register"]] == [OTHER_KEY], "the other one ended before"
    assert not [one for one in tables["findings"] if one["code"] == "F11"]


def test_one_enrolled_later_is_shown_from_its_first_record_on():
    firm = Two()
    firm.wait()
    firm.attest(0, 1)
    firm.enroll()
    firm.wait()
    firm.take_in()
    (second,) = firm.attest(1, 2)
    assert [one["previous"] is None for one in second.predicate["logs"]] == [False, True]


def test_two_exports_of_one_seal_have_the_same_bytes_with_all_that_goes_along():
    firm = Two()
    firm.enroll()
    firm.wait()
    firm.take_in()
    make_seal(firm.ports)
    firm.finish.stop = "verify"
    bank = Recipient(None, "bank", "FAKE Bank", "upbit")
    kinds = [(UPBIT, {}), (AUDITOR, {"profile": "auditor"})]
    kinds += [(bank, {"profile": "summary", "rows": frozenset([KEY])})]
    for recipient, more in kinds:
        for _ in range(2):
            along = {"documents": (document("contract.txt", b"FAKE"),), "last_seal": True, **more}
            refused("attest.unverified", firm.attest, 0, 1, recipient, **along)
            firm.ports.clock.sleep(60)
    seen = firm.finish.seen
    assert [seen[0] == seen[1], seen[2] == seen[3], seen[4] == seen[5]] == [True] * 3
    assert len(set(seen)) == 3


def test_an_auditor_sees_all_of_both():
    firm = Two()
    firm.agent.audit.append("bithumb", "handout", HANDOUT | {"key": OTHER_KEY}, private={"pid": 7})
    firm.enroll()
    firm.wait()
    firm.take_in()
    (made,) = firm.attest(0, 1, AUDITOR, profile="auditor")
    log_id = made.predicate["logs"][1]["log_id"]
    inside = container.unpack(made.data)
    assert f"logs/{log_id}/seal_secret.json" in inside
    assert b'{"pid":7}' in inside[f"logs/{log_id}/bithumb/private.jsonl"]
    assert derived(made)["venues"].keys() == {"upbit", "bithumb"}


def test_a_venue_learns_nothing_of_what_the_other_host_does_elsewhere():
    firm = Two()
    firm.agent.audit.append("bithumb", "handout", HANDOUT | {"key": OTHER_KEY})
    firm.enroll()
    firm.wait()
    firm.take_in()
    (made,) = firm.attest(0, 1)
    assert OTHER_KEY.encode() not in made.data
    assert b"bithumb" not in made.data
    copies = agents.copies_for(firm.ports, firm.copies, firm.run(0, 1).asked.period)
    known = attest_guard.known(firm.ports, UPBIT, copies)
    assert OTHER_KEY in known.other_ids
    assert copies[0].table.slots[2].salt.hex() in known.other_ids
    (of_it,) = firm.attest(0, 1, BITHUMB)  # of which this log itself holds nothing
    assert OTHER_KEY.encode() in of_it.data
    assert of_it.predicate["logs"][0]["to"] == 0
    demand_nothing(firm.ports, "okx", copies)
    assert (
        "another host" in refused("attest.not_empty", demand_nothing, firm.ports, "bithumb", copies).message
    )


def test_none_is_made_without_a_copy_that_reaches_to_the_end():
    firm = Two()
    firm.enroll()
    firm.wait()
    error = refused("attest.agent", firm.attest, 0, 1)
    assert "host-2 reaches to 2026-" in error.message
    firm.take_in()
    firm.copies.files.clear()
    assert "reaches nowhere" in refused("attest.agent", firm.attest, 0, 1).message


def test_an_agent_does_not_attest_itself_and_enrols_nobody():
    firm = Two()
    data = firm.copy()
    ours, firm.ports = firm.ports, firm.agent
    refused("attest.agent", firm.attest, 0, 1)
    refused("agent.primary", firm.enroll, data)
    refused("agent.primary", agent_salts.give, firm.agent, [])
    assert agents.role(ours) == "primary"


def test_what_enrolling_refuses():
    firm = Two()
    data = firm.copy()
    refused("agent.fingerprint", firm.enroll, data, compared="00" * 32)
    refused("agent.fingerprint", firm.enroll, data, compared="")
    refused("agent.host", firm.enroll, data, host="host-3")
    refused("agent.role", firm.enroll, hand_over(log_ports(firm.ports.clock))[1])
    refused("agent.unknown", firm.take_in, data)
    assert firm.audit.bodies("agent.enroll") == []
    read_out = agents.fingerprint(log_copy.unpack(data)).upper()
    agent = firm.enroll(data, compared=" ".join(read_out[n : n + 4] for n in range(0, 64, 4)))
    assert agents.agents(firm.ports) == (agent,)
    refused("agent.known", firm.enroll, data)


def test_recipients_are_told_its_key():
    firm = Two()
    agent = firm.enroll()
    make_seal(firm.ports)
    trust = trust_file(firm.ports, "FAKE", 1)
    assert agent.origin in parse(trust).logs
    assert agent.vkey in key_card(firm.ports, FIRM_NAMES, trust)


FIRM_NAMES = {"name_latin": "FAKE", "name_local": "FAKE", "registration_no": "0", "country": "KR"}


def test_a_retired_one_is_shown_to_its_last_seal_and_then_no_more():
    firm = Two()
    firm.enroll()
    firm.wait(0.5)
    firm.take_in()
    gone = agents.retire(firm.ports, firm.copies, "host-2", actor=ACTOR)
    assert agents.agents(firm.ports) == ()
    assert agents.agents(firm.ports, past=True) == (gone,)
    refused("agent.unknown", agents.retire, firm.ports, firm.copies, "host-2", actor=ACTOR)
    refused("agent.unknown", firm.take_in)
    firm.wait(0.6)
    (made,) = firm.attest(0, 1)
    assert len(made.predicate["logs"]) == 2, "though its host is gone, and seals no more"
    firm.wait(2)
    (later,) = firm.attest(1, 3)
    assert len(later.predicate["logs"]) == 1


def test_a_retired_log_cut_short_is_noticed():
    firm = Two()
    firm.enroll()
    early = firm.copy()
    firm.wait(0.5)
    firm.agent.audit.append("upbit", "handout", HANDOUT)
    firm.take_in()
    agents.retire(firm.ports, firm.copies, "host-2", actor=ACTOR)
    firm.wait(0.6)
    firm.copies.files[agents.agents(firm.ports, past=True)[0].log_id] = early
    refused("attest.agent", firm.attest, 0, 1)


def test_a_rewritten_log_is_refused_kept_and_found():
    firm = Two()
    firm.enroll()
    before = copied(firm.agent, secrets=True)
    firm.agent.audit.append("upbit", "handout", HANDOUT)
    firm.take_in()
    firm.agent = before  # its disk was put back, and goes on as if nothing had been
    firm.agent.audit.append("upbit", "handout", HANDOUT | {"process": "thief"})
    forked = firm.copy()
    error = refused("agent.forked", firm.take_in, forked)
    assert "kept as evidence: aside/" in error.still
    assert firm.copies.refused == [forked]
    (found,) = firm.ports.findings.standing()
    assert (found.item.kind, found.item.subject) == (Kind.LOG, "host-2")
    assert found.id in error.hint
    firm.agent.audit.append("upbit", "handout", HANDOUT)
    refused("agent.forked", firm.take_in)


def test_a_fork_is_noticed_though_the_copy_was_deleted():
    firm = Two()
    firm.enroll()
    before = copied(firm.agent, secrets=True)
    firm.agent.audit.append("upbit", "handout", HANDOUT)
    firm.take_in()
    firm.copies.files.clear()
    firm.agent = before
    firm.agent.audit.append("upbit", "handout", HANDOUT | {"process": "thief"})
    refused("agent.forked", firm.take_in)


def test_an_older_copy_is_no_fork():
    firm = Two()
    data = firm.copy()
    firm.enroll(data)
    firm.wait()
    firm.take_in()
    refused("agent.older", firm.take_in, data)
    firm.copies.files.clear()
    refused("agent.older", firm.take_in, data)
    assert firm.ports.findings.standing() == ()
    firm.take_in()


def test_the_same_copy_again_is_fine():
    firm = Two()
    data = firm.copy()
    firm.enroll(data)
    firm.take_in(data)
    assert list(firm.copies.files.values()) == [data]


def _changed(entries, name, change):
    return entries | {name: change(entries[name])}


def test_a_copy_that_was_tampered_with():
    firm = Two()
    firm.agent.audit.append("bithumb", "handout", HANDOUT)
    data = firm.copy()
    firm.enroll(data)
    entries = dict(container.unpack(data))
    folder = "/".join(next(iter(entries)).split("/")[:2])
    private, records = f"{folder}/firm/private.jsonl", f"{folder}/upbit/records.jsonl"
    hidden = {name for name in entries if "/bithumb/" in name}
    several = [
        _changed(entries, records, lambda d: d.replace(b"bot", b"cat")),
        _changed(entries, records, lambda d: b"".join(d.splitlines(True)[:-1])),
        _changed(entries, private, lambda d: d.replace(b"1", b"2")),
        _changed(entries, private, lambda d: d + d),
        _changed(entries, private, lambda d: b"{}\n"),
        {name: d for name, d in entries.items() if name not in hidden},
        {name: d for name, d in entries.items() if not name.endswith("seal_secret.json")},
        entries | {"derived.json": b"{}"},
        {name.replace("/upbit/", "/nowhere/"): d for name, d in entries.items()},
        {name: d for name, d in entries.items() if "/firm/" not in name},
        _changed(entries, f"{folder}/firm/records.jsonl", lambda d: b"".join(d.splitlines(True)[1:])),
        _changed(entries, f"{folder}/firm/records.jsonl", lambda d: d.replace(b"signer.add", b"signer.adx")),
        _changed(entries, f"{folder}/upbit/frontier.json", lambda d: d.replace(b'"from":0', b'"from":1')),
        _changed(entries, f"{folder}/seal.tlog-proof", lambda d: d.replace(b"index 0", b"index 1")),
    ]
    for forged in several:
        assert refused("agent.copy", firm.take_in, container.pack(forged)).hint
    refused("agent.copy", firm.take_in, data[:-1])
    refused("agent.copy", firm.take_in, b"")
    assert firm.copies.files[folder.removeprefix("logs/")] == data


def test_a_log_of_that_name_under_another_key():
    firm = Two()
    firm.enroll()
    twin = firm.home()
    twin.audit._entries[:] = firm.agent.audit._entries[:2]
    stolen = replace(firm.agent, secrets=twin.secrets, seals=type(firm.agent.seals)(firm.agent.audit))
    with pytest.raises((UsageError, IntegrityError)) as error:
        firm.take_in(hand_over(stolen)[1])
    assert error.value.code in ("agent.copy", "agent.unknown")


def resigned(made, entries, change=lambda predicate: None):
    """As an insider would who has the officer's key: digests and signature fit again."""
    predicate = json.loads(json.dumps(made.predicate))
    change(predicate)
    covered = {name: data for name, data in entries.items() if name != bundle.STATEMENT}
    payload = statement.encode(
        statement.Statement(statement.ATTESTATION, statement.subject(covered), predicate)
    )
    signed = dsse.sign(payload, dsse.IN_TOTO, [(public(2), private(2).sign)])
    return container.pack(covered | {bundle.STATEMENT: signed.encode()})


def failing_step(firm, data, trust):
    """Where both verifiers stop."""
    wanted = Wanted(firm.ports.clock.now(), recipient="upbit")
    report = verify(data, parse(trust), wanted)
    alone.agrees(report, data, parse(trust), wanted, None)
    return next((one.step for one in report.checks if one.outcome > Exit.WARNINGS), 0)


def test_a_bundle_without_it_or_with_a_forged_one_fails():
    firm = Two()
    firm.enroll()
    firm.wait()
    firm.take_in()
    (made,) = firm.attest(0, 1)
    trust = trust_file(firm.ports, "FAKE", 1)
    entries = dict(container.unpack(made.data))
    folder = f"logs/{made.predicate['logs'][1]['log_id']}"
    records = f"{folder}/venue/records.jsonl"
    without = {name: data for name, data in entries.items() if not name.startswith(folder)}
    changed = _changed(entries, records, lambda d: d.replace(b"bot", b"cat"))
    cut = _changed(entries, records, lambda d: b"".join(d.splitlines(True)[:-1]))
    assert failing_step(firm, container.pack(without), trust) == 3
    assert failing_step(firm, container.pack(changed), trust) == 3
    assert failing_step(firm, resigned(made, without), trust) == 6
    assert failing_step(firm, resigned(made, without, lambda p: p["logs"].pop()), trust) == 5
    assert failing_step(firm, resigned(made, changed), trust) == 7
    assert failing_step(firm, resigned(made, cut, lambda p: p["logs"][1].update(to=1)), trust) == 7
    assert (
        failing_step(firm, resigned(made, entries, lambda p: p["logs"][1].update(role="primary")), trust) == 5
    )
    assert failing_step(firm, resigned(made, entries), trust) == 0
    pinned = json.loads(trust)
    pinned["logs"] = pinned["logs"][:1]
    assert failing_step(firm, made.data, json.dumps(pinned).encode()) == 6


def test_only_a_retired_agents_seal_may_be_from_before_the_periods_end():
    firm = Two()
    firm.enroll()
    firm.wait(0.5)
    firm.take_in()
    early = firm.copies_of()
    firm.wait(0.6)
    firm.take_in()
    (made,) = firm.attest(0, 1)
    trust = trust_file(firm.ports, "FAKE", 1)
    entries = dict(container.unpack(made.data))
    (said,) = [one for one in made.predicate["logs"] if one["role"] == "agent"]
    older = {n: d for n, d in entries.items() if not n.startswith(f"logs/{said['log_id']}")}
    older |= early.shown({"venue": "upbit", "firm": "firm"}).entries()
    seal = {"seal_no": early.sealed.seal.no, "checkpoint_size": early.sealed.checkpoint.size}
    firm_stream = {"firm_size": early.streams["firm"].size, "firm_root": early.streams["firm"].root.hex()}
    forged = resigned(made, older, lambda p: p["logs"][1].update(**seal, **firm_stream))
    assert failing_step(firm, forged, trust) == 8


def test_salts_are_the_primarys_alone():
    firm = Two()
    assert names(firm.agent, "upbit").key("K1") == names(firm.ports, "upbit").key("K1")
    refused("agent.salts", names, firm.agent, "okx")
    agent_salts.take(firm.agent, "keyguard/primary", agent_salts.give(firm.ports, ["okx"]))
    assert names(firm.agent, "okx").person("kim") == names(firm.ports, "okx").person("kim")
    refused("attest.venue", agent_salts.give, firm.ports, ["nowhere"])
    salts = agent_salts.give(firm.ports, [])
    refused("agent.foreign", agent_salts.take, firm.agent, "keyguard/another", salts)
    other = log_ports(firm.ports.clock)
    names(other, "upbit")
    refused("agent.salts", agent_salts.take, other, "keyguard/primary", salts)
    odd = {"system/log-key": Secret("00" * 32)}
    refused("agent.salts", agent_salts.take, log_ports(firm.ports.clock), "keyguard/primary", odd)


def test_a_new_log_of_the_primary_goes_on_with_its_agents():
    firm = Two()
    agent = firm.enroll()
    renew(firm.ports, tool_version="0", actor=ACTOR)
    assert [one.origin for one in agents.agents(firm.ports)] == [agent.origin]


@pytest.mark.parametrize("data", [b"", b"PK", container.pack({}), container.pack({bundle.DERIVED: b"{}"})])
def test_what_is_no_copy(data):
    with pytest.raises((Malformed, Failed)):
        log_copy.unpack(data)
