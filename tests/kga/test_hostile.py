"""The hostile cases of KGA/1 §19 that concern bundle and verifier: exit code and step of each.

"Re-signed" is what `Making` does by itself: digests and signature are made after the change, as an insider
with the officer's key would.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from keyguard.core import canonical
from keyguard.core.record import encode
from keyguard.kga import bundle, checkpoints, container, dsse, merkle, notes, seals, statement, texts
from keyguard.kga.derive.derived import derive
from keyguard.kga.verdict import Exit
from keyguard.kga.verify.steps import verify
from keyguard.kga.verify.trust import Attester, Head, Last
from tests.kga import alone
from tests.kga.histories import snapshot
from tests.kga.making import (
    HOST,
    KEY,
    OTHER,
    Making,
    at,
    firm_log,
    instant,
    private,
    public,
    trust,
    wanted,
)


def judged(data: bytes, log, *, step: int | None, exit: Exit, said: str = "", held=None, asked=None, **more):
    """Verify and hold the exit code and the first step that did not hold; the stand-alone file agrees."""
    held, asked = held or trust(log), asked or wanted()
    report = verify(data, held, asked, **more)
    bad = [check for check in report.checks if check.outcome > Exit.WARNINGS]
    assert report.exit is exit, report.checks
    assert (bad[0].step if bad else None) == step, report.checks
    if said:
        assert any(said in check.detail for check in report.checks), report.checks
    if "timestamp" not in more:  # it cannot read time-stamps
        alone.agrees(report, data, held, asked, more.get("previous"))
    return report


def with_lines(change):
    """A cheat who changes the venue's lines after they were sealed."""

    def change_part(part):
        venue = part.streams["venue"]
        return replace(part, streams={**part.streams, "venue": replace(venue, lines=change(venue.lines))})

    return change_part


def edited(making: Making, change) -> bytes:
    """The finished file, its entries changed, nothing signed again."""
    entries = container.unpack(making.bundle())
    change(entries)
    return container.pack(entries)


def record_file(making: Making) -> str:
    return f"logs/{making.log.log_id}/venue/records.jsonl"


# 1 one byte of a record changed
def test_01_a_byte_of_a_record():
    making = Making(firm_log())

    def change(entries):
        entries[record_file(making)] = entries[record_file(making)].replace(b'"hmac"', b'"hmad"')

    judged(edited(making, change), making.log, exit=Exit.FAILED, step=3)


# 2 record changed, re-signed
def test_02_a_record_changed():
    log = firm_log()
    cheat = with_lines(lambda lines: (lines[0].replace(b'"quoting"', b'"testing"'), *lines[1:]))
    judged(Making(log, change_part=cheat).bundle(), log, exit=Exit.FAILED, step=7, said="root")


# 3 record removed; 4 the last ones cut and `to` lowered
@pytest.mark.parametrize("cut", [lambda lines: lines[:3] + lines[4:], lambda lines: lines[:-2]])
def test_03_04_records_removed(cut):
    log = firm_log()
    judged(Making(log, change_part=with_lines(cut)).bundle(), log, exit=Exit.FAILED, step=7, said="sealed")


def test_04_cut_with_a_slot_that_agrees():
    """The slot's size lowered too: then the slot is not the sealed one."""
    log = firm_log()

    def cheat(part):
        venue = part.streams["venue"]
        slot = json.loads(venue.slot)
        slot["size"] -= 2
        slot["root"] = merkle.root(merkle.leaf_hash(one) for one in venue.lines[:-2]).hex()
        cut = replace(venue, lines=venue.lines[:-2], slot=canonical.encode(slot))
        return replace(part, streams={**part.streams, "venue": cut})

    judged(Making(log, change_part=cheat).bundle(), log, exit=Exit.FAILED, step=7, said="not in the seal")


# 5 two records swapped; 6 with their numbers exchanged
def test_05_records_swapped():
    log = firm_log()
    cheat = with_lines(lambda lines: (lines[1], lines[0], *lines[2:]))
    judged(Making(log, change_part=cheat).bundle(), log, exit=Exit.FAILED, step=7, said="in the place of")


def test_06_records_swapped_with_their_numbers():
    log = firm_log()

    def renumbered(line: bytes, n: int) -> bytes:
        value = json.loads(line)
        return canonical.encode(value | {"n": n})

    cheat = with_lines(lambda lines: (renumbered(lines[1], 0), renumbered(lines[0], 1), *lines[2:]))
    judged(Making(log, change_part=cheat).bundle(), log, exit=Exit.FAILED, step=7, said="root")


# 7 record inserted, duplicated, or replaced by a withheld leaf
@pytest.mark.parametrize("more", [lambda lines: (lines[0], *lines), lambda lines: (*lines, lines[-1])])
def test_07_records_inserted(more):
    log = firm_log()
    judged(Making(log, change_part=with_lines(more)).bundle(), log, exit=Exit.FAILED, step=7)


def test_07_a_record_withheld_in_silence():
    log = firm_log()
    cheat = with_lines(
        lambda lines: (*lines[:-1], bundle.withheld_line(merkle.leaf_hash(lines[-1]), "legal_hold"))
    )
    report = judged(Making(log, change_part=cheat).bundle(), log, exit=Exit.FAILED, step=9)
    assert not any(check.step == 7 and check.outcome > 1 for check in report.checks)


def test_07_a_record_withheld_with_a_wrong_leaf():
    log = firm_log()
    cheat = with_lines(lambda lines: (*lines[:-1], bundle.withheld_line(bytes(32), "legal_hold")))
    judged(Making(log, change_part=cheat).bundle(), log, exit=Exit.FAILED, step=7, said="root")


# 8 a register row edited; 9 a count or a finding removed
@pytest.mark.parametrize(
    "change",
    [
        lambda derived: derived["register"][0].update(purpose="testing"),
        lambda derived: derived["summary"].update(handouts=0),
        lambda derived: derived["findings"].clear(),
        lambda derived: derived["people"].clear(),
    ],
)
def test_08_09_tables_edited(change):
    log = firm_log()
    log.add(91.2, "firm", "clock.check", offset_ms=9000, source="venue", ok=False)
    log.seal(92.5)
    making = Making(log, until=92, change_derived=change)
    judged(making.bundle(), log, exit=Exit.FAILED, step=9, asked=wanted(94))


def test_08_the_register_under_another_root():
    log = firm_log()

    def change(predicate):
        predicate["register"]["root"] = "00" * 32

    judged(Making(log, change=change).bundle(), log, exit=Exit.FAILED, step=9, said="root")


# 10 signatures that are none
def forged(making: Making, sign) -> bytes:
    def change(entries):
        envelope = dsse.parse(entries[bundle.STATEMENT])
        entries[bundle.STATEMENT] = sign(envelope).encode()

    return edited(making, change)


def resigned(envelope: dsse.Envelope, sig: bytes, keyid: str | None = None) -> dsse.Envelope:
    hint = envelope.signatures[0].keyid if keyid is None else keyid
    return replace(envelope, signatures=(dsse.Signed(hint, sig),))


def ecdsa(envelope):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.derive_private_key(7, ec.SECP256R1())
    return resigned(envelope, key.sign(dsse.pae(dsse.IN_TOTO, envelope.payload), ec.ECDSA(hashes.SHA256())))


@pytest.mark.parametrize(
    "sign",
    [
        lambda envelope: resigned(envelope, private(9).sign(dsse.pae(dsse.IN_TOTO, envelope.payload))),
        lambda envelope: resigned(envelope, private(2).sign(dsse.pae(dsse.IN_TOTO, b"{}"))),
        lambda envelope: resigned(envelope, private(2).sign(envelope.payload)),
        ecdsa,
        lambda envelope: replace(envelope, signatures=()),
    ],
    ids=["unknown key", "of another statement", "without PAE", "ECDSA", "none"],
)
def test_10_11_signatures_that_are_none(sign):
    making = Making(firm_log())
    judged(forged(making, sign), making.log, exit=Exit.FAILED, step=2)


# 12 the same key signs twice
def test_12_one_key_signs_twice():
    making = Making(firm_log(), signers=(2, 2))
    judged(
        making.bundle(),
        making.log,
        exit=Exit.FAILED,
        step=2,
        asked=wanted(signatures=2),
        said="1 pinned keys",
    )


def test_12_two_keys_sign():
    making = Making(firm_log(), signers=(2, 5))
    held = trust(making.log)
    held = replace(held, attesters=(*held.attesters, replace(held.attesters[0], public=public(5))))
    judged(making.bundle(), making.log, exit=Exit.WARNINGS, step=None, asked=wanted(signatures=2), held=held)


# 13 envelopes of another form
@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.replace(b'{"payload":', b'{"payload":"e30=","payload":', 1),
        lambda raw: raw + b" ",
        lambda raw: raw + b"{}",
        lambda raw: raw.replace(b'"payloadType"', b'"payload_type"'),
        lambda raw: b"[" * 10_000,
        lambda raw: b"\xff\xfe",
    ],
)
def test_13_envelopes_of_another_form(spoil):
    making = Making(firm_log())

    def change(entries):
        entries[bundle.STATEMENT] = spoil(entries[bundle.STATEMENT])

    judged(edited(making, change), making.log, exit=Exit.MALFORMED, step=2)


def test_13_a_payload_in_another_spelling():
    making = Making(firm_log())

    def sign(envelope):
        loose = json.dumps(json.loads(envelope.payload)).encode()
        return dsse.sign(loose, dsse.IN_TOTO, [(public(2), private(2).sign)])

    judged(forged(making, sign), making.log, exit=Exit.FAILED, step=2, said="canonical")


# 14 checkpoints that are not the log's
def with_note(change):
    def change_part(part):
        proof = checkpoints.parse_proof(part.proof)
        return replace(part, proof=str(replace(proof, note=change(proof.note))))

    return change_part


def headed(**changes):
    """The head altered and signed by the log's own key."""

    def change(note):
        head = replace(checkpoints.parse(note.text), **changes)
        key = notes.VerifierKey(head.origin, notes.ED25519, public(1))
        return notes.Note(str(head), (notes.sign(str(head), key, private(1).sign),))

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda note: replace(note, signatures=(replace(note.signatures[0], data=bytes(64)),)),
        lambda note: replace(note, text=note.text.replace("keyguard/0", "keyguard/1")),
        headed(origin="keyguard/other"),
        headed(size=10),
        headed(root=bytes(32)),
    ],
    ids=["another signature", "origin altered", "another origin", "size", "root"],
)
def test_14_checkpoints(change):
    log = firm_log()
    report = judged(Making(log, change_part=with_note(change)).bundle(), log, exit=Exit.FAILED, step=6)
    assert report.exit is Exit.FAILED


# 15 the seal of another log, an older seal
def test_15_the_seal_of_another_log():
    log = firm_log()
    other = seals.Seal(8, at(90.6), bytes(32), bytes(32)).encode()
    cheat = Making(log, change_part=lambda part: replace(part, seal=other))
    judged(cheat.bundle(), log, exit=Exit.FAILED, step=6)


def test_15_an_older_seal_hides_the_end():
    log = firm_log()
    judged(Making(log, seal_no=5).bundle(), log, exit=Exit.FAILED, step=8, said="before the period ended")


# 16 to 18 the log rebuilt
def first_and_second():
    """Two attestations one after the other: what is needed to make the second, and the first's bundle."""
    log = firm_log()
    return log, Making(replace_leaves(log, 7), until=60, seal_no=6).bundle()


def replace_leaves(log, count):
    return replace(log, leaves=log.leaves[:count], sealed=log.sealed[:count])


def second(log, data, **more) -> Making:
    """The attestation after `data`, from the same log, as it is made honestly."""
    entries = container.unpack(data)
    envelope = dsse.parse(entries[bundle.STATEMENT])
    said = statement.parse(envelope.payload, statement.ATTESTATION).predicate
    head = said["logs"][0]
    digest = statement.subject({"payload": envelope.payload})["payload"]
    before = {
        "attestation_id": said["attestation_id"],
        "serial": said["serial"],
        "statement_sha256": digest,
        "period": said["period"],
    }
    log.add(
        91.1,
        "upbit",
        "attestation.issued",
        attestation_id=said["attestation_id"],
        serial=1,
        period=said["period"],
        statement_sha256=digest,
    )
    log.seal(91.2)

    def change(predicate):
        told = {"checkpoint_size": head["checkpoint_size"], "to": head["to"], "root": head["root"]}
        predicate["logs"][0]["previous"] = told

    return Making(log, since=60, serial=2, previous=before, seals_from=7, change=change, **more)


def test_the_second_follows_on_the_first():
    log, data = first_and_second()
    judged(second(log, data).bundle(), log, exit=Exit.WARNINGS, step=None, previous=data)


def test_a_new_officer_follows_on_the_old_one_whom_the_firms_records_name():
    log, data = first_and_second()
    making = second(log, data, signers=(3,))

    def change(predicate):
        making.change(predicate)
        predicate["officer"]["key_sha256"] = dsse.keyid(public(3))

    held = replace(trust(log), attesters=(Attester("new officer", public(3)),))
    data_now = replace(making, change=change).bundle()
    judged(data_now, log, exit=Exit.WARNINGS, step=None, held=held, previous=data)


def test_the_one_before_was_signed_by_somebody_else():
    log = firm_log()
    data = Making(replace_leaves(log, 7), until=60, seal_no=6, signers=(9,)).bundle()
    judged(second(log, data).bundle(), log, exit=Exit.FAILED, step=11, said="is another", previous=data)


def rebuilt():
    """The same firm and keys, a log in which one record is missing, all seals made anew."""
    log = firm_log()
    del log.streams["upbit"][3:6]
    for n, line in enumerate(log.streams["upbit"]):
        log.streams["upbit"][n] = canonical.encode(json.loads(line) | {"n": n})
    return sealed_anew(log)


def sealed_anew(log):
    days = [at(10 * (i + 1) + 0.6) for i in range(len(log.sealed))]
    log.sealed.clear()
    log.leaves.clear()
    everything = {name: list(held) for name, held in log.streams.items()}
    for day in days:
        for name, held in everything.items():
            log.streams[name] = [one for one in held if canonical.parse_instant(json.loads(one)["t"]) <= day]
        log.seal((day - at(0)) / timedelta(days=1))
    return log


def test_16_rebuilt_with_the_previous_one_at_hand():
    log, data = first_and_second()
    judged(second(rebuilt(), data).bundle(), log, exit=Exit.FAILED, step=7, previous=data)


def test_17_rebuilt_with_a_witness_policy():
    log = rebuilt()
    witness = notes.VerifierKey("witness.example/w1", notes.COSIGNATURE, public(3))
    held = trust(log, witnesses=(witness,), quorum=1)
    judged(Making(log).bundle(), log, exit=Exit.FAILED, step=6, held=held, said="witnesses")
    seen = Making(firm_log(), witnesses=(("witness.example/w1", 3, 1790812800),))
    judged(seen.bundle(), seen.log, exit=Exit.WARNINGS, step=None, held=held, said="first seen by witness")


def test_18_rebuilt_without_both():
    log = rebuilt()
    judged(Making(log).bundle(), log, exit=Exit.WARNINGS, step=None, said="history not anchored")


# 19 replayed, 20 for somebody else
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (wanted(300), "valid until"),
        (wanted(150, max_age=timedelta(days=30)), "older than"),
        (wanted(min_serial=2), "serial"),
        (wanted(nonce="challenge"), "nonce"),
        (wanted(80), "future"),
        (replace(wanted(), recipient="binance"), "not for binance"),
    ],
)
def test_19_20_replayed_or_for_somebody_else(asked, said):
    making = Making(firm_log())
    judged(making.bundle(), making.log, exit=Exit.FAILED, step=4, asked=asked, said=said)


def test_19_superseded():
    log, data = first_and_second()
    made = second(log, data)
    head = Head(1, "00" * 32, 1, "00" * 32)
    later = trust(log, last=Last(3, "00" * 32, {}))
    judged(made.bundle(), log, exit=Exit.FAILED, step=4, held=later, said="a later one, 3")
    same = trust(log, last=Last(2, "00" * 32, {}))
    judged(made.bundle(), log, exit=Exit.FAILED, step=4, held=same, said="another statement")
    other = trust(log, last=Last(1, "00" * 32, {}))
    judged(made.bundle(), log, exit=Exit.FAILED, step=11, held=other, said="seen last")
    elsewhere = trust(log, last=Last(1, "00" * 32, {log.origin: head}))
    judged(made.bundle(), log, exit=Exit.FAILED, step=6, held=elsewhere, said="continuation")
    head = Head(7, merkle.root(log.leaves[:7]).hex(), 1, "00" * 32)
    rewritten = trust(log, last=Last(1, "00" * 32, {log.origin: head}))
    judged(made.bundle(), log, exit=Exit.FAILED, step=7, held=rewritten, said="continuation")


# 21 the slot of another venue
def test_21_the_slot_of_another_venue():
    log = firm_log()
    _, table = log.sealed[-1]

    def cheat(place, **changes):
        def change_part(part):
            opened = replace(table.slots[place], **changes)
            venue = replace(part.streams["venue"], slot=opened.encode(), path=table.path(place))
            return replace(part, streams={**part.streams, "venue": venue})

        return Making(log, change_part=change_part).bundle()

    judged(cheat(2), log, exit=Exit.FAILED, step=7, said="not that of upbit")
    judged(cheat(1, number=2), log, exit=Exit.MALFORMED, step=7)
    judged(cheat(1, stream="bithumb"), log, exit=Exit.MALFORMED, step=7)


# 22 a second stream under a local slot
def test_22_a_hidden_stream_verifies():
    log = firm_log()
    log.add(91.3, "local-900", "handout.denied", host=HOST, process="bot", reason="hidden")
    log.seal(91.4)
    judged(Making(log).bundle(), log, exit=Exit.WARNINGS, step=None)


# 23 an enrolled agent's log left out
def test_23_an_agent_left_out():
    log = firm_log()
    log.add(
        91.3, "firm", "agent.enroll", origin="keyguard/" + "ab" * 8, vkey="x", host=HOST, from_=instant(1)
    )
    log.seal(91.4)
    judged(Making(log).bundle(), log, exit=Exit.FAILED, step=5, said="left out")


# 24 a gap
def test_24_a_gap():
    log, data = first_and_second()
    judged(second(log, data, start=14).bundle(), log, exit=Exit.FAILED, step=7, said="gap")


# 25 what belongs to nobody
def test_25_an_entry_that_nobody_signed():
    making = Making(firm_log())
    for name in ("logs/x", "bithumb.json", "anchors/x.exe", "reading/register.csv"):
        judged(
            edited(making, lambda entries, name=name: entries.update({name: b"x"})),
            making.log,
            exit=Exit.MALFORMED if name.startswith("reading") else Exit.FAILED,
            step=3,
        )


# 28 names that hide something
@pytest.mark.parametrize("name", ["a\u202eb", "a\u2066b", "a\u200bb", "\ufeffa", "\u1112\u1161\u11ab"])
def test_28_names_that_hide_something(name):
    log = firm_log()
    sealed = log.streams["upbit"]
    value = json.loads(sealed[0])
    value["body"]["desk"] = name
    sealed[0] = canonical.encode(value)
    log.seal(91.5)
    judged(Making(log).bundle(), log, exit=Exit.FAILED, step=7)


# 31 JSON
@pytest.mark.parametrize(
    "value",
    [
        b'{"body":{"a":9007199254740992},"n":0}',
        b'{"body":{"a":1.5},"n":0}',
        b'{"body":{"a":NaN},"n":0}',
        b'{"body":{"a":"\\ud800"},"n":0}',
        b"[" * 10_000 + b"]" * 10_000,
        b'{"n":0,"n":0}',
        b"",
    ],
)
def test_31_json(value):
    log = firm_log()
    log.streams["upbit"][0] = value
    log.seal(91.5)
    entries = Making(firm_log()).entries()
    name = f"logs/{log.log_id}/venue/records.jsonl"
    entries[name] = value + b"\n" + entries[name].partition(b"\n")[2]
    said = statement.Statement(
        statement.ATTESTATION, statement.subject(entries), Making(firm_log()).predicate()
    )
    envelope = dsse.sign(statement.encode(said), dsse.IN_TOTO, [(public(2), private(2).sign)])
    data = container.pack(entries | {bundle.STATEMENT: envelope.encode()})
    judged(data, log, exit=Exit.FAILED, step=7)


# 32 times
def test_32_time_goes_back():
    log = firm_log()
    log.add(1, "upbit", "handout.denied", host=HOST, process="bot", reason="late")
    log.seal(91.5)
    judged(Making(log).bundle(), log, exit=Exit.FAILED, step=7, said="older")


@pytest.mark.parametrize(
    "t", ["2026-07-01T00:00:60.000000Z", "2026-07-01T00:00:00Z", "2026-07-01T00:00:00.000000+00:00", 5]
)
def test_32_instants_of_another_form(t):
    log = firm_log()
    log.streams["upbit"][0] = canonical.encode(json.loads(log.streams["upbit"][0]) | {"t": t})
    making = Making(log)
    log.seal(91.5)
    judged(making.bundle(), log, exit=Exit.FAILED, step=7)


@pytest.mark.parametrize(
    "change",
    [
        lambda predicate: predicate["period"].update(to=predicate["period"]["from"]),
        lambda predicate: predicate.update(valid_until=predicate["issued_at"]),
    ],
)
def test_32_periods(change):
    making = Making(firm_log(), change=change)
    judged(making.bundle(), making.log, exit=Exit.FAILED, step=4)


# 33 time-stamps that are none
def test_33_time_stamps():
    making = Making(firm_log())
    data = edited(making, lambda entries: entries.update({"anchors/statement.tsr": b"not a reply"}))
    held = trust(making.log, tsa_roots=("pinned",))

    def stamp(reply, seen, roots):
        raise ValueError("not a reply")

    judged(data, making.log, exit=Exit.WARNINGS, step=None, held=held, timestamp=stamp, said="no anchor")
    judged(data, making.log, exit=Exit.FAILED, step=12, held=held, timestamp=stamp, asked=wanted(anchors=1))
    judged(
        data,
        making.log,
        exit=Exit.WARNINGS,
        step=None,
        held=held,
        timestamp=lambda reply, seen, roots: at(91),
        asked=wanted(anchors=1),
        said="first seen by anchors/statement.tsr",
    )


# 34 a reading copy swapped
def test_34_a_reading_copy_swapped():
    making = Making(firm_log())

    def change(entries):
        envelope = dsse.parse(entries[bundle.STATEMENT])
        entries["reading/verify.txt"] = b"how to verify"
        said = statement.Statement(
            statement.RENDERINGS,
            statement.subject({"reading/verify.txt": b"how to verify"}),
            {
                "statement_sha256": statement.subject({"": envelope.payload})[""],
                "tool": {"name": "keyguard", "version": "0", "wheel_sha256": None},
                "fonts": [],
            },
        )
        signed = dsse.sign(statement.encode(said), dsse.IN_TOTO, [(public(2), private(2).sign)])
        entries[bundle.RENDERINGS] = signed.encode()

    good = edited(making, change)
    judged(good, making.log, exit=Exit.WARNINGS, step=None)
    entries = container.unpack(good)
    entries["reading/verify.txt"] += b", or not"
    judged(container.pack(entries), making.log, exit=Exit.FAILED, step=3, said="reading copy")


# 35 a sentence that findings contradict
def test_35_a_sentence_that_findings_contradict():
    log = firm_log()
    log.add(
        91.3,
        "upbit",
        "venue.keys_listed",
        by="venue_api",
        count=2,
        keys=[KEY, "77" * 32],
        unknown=["77" * 32],
    )
    log.add(
        91.4,
        "upbit",
        "handout",
        key=KEY,
        person=OTHER,
        host=HOST,
        process="bot",
        mode="env",
        lease_s=600,
    )
    log.seal(92.5)
    honest = Making(log, until=92)
    judged(honest.bundle(), log, exit=Exit.WARNINGS, step=None, asked=wanted(94))
    for number in (1, 2):

        def change(predicate, number=number):
            predicate["statement_text"]["ko"] += texts.sentence("ko", number, predicate)

        judged(
            Making(log, until=92, change=change).bundle(),
            log,
            exit=Exit.FAILED,
            step=10,
            asked=wanted(94),
            said=f"sentence ({number})",
        )


def test_limits_that_always_apply():
    making = Making(firm_log(), change=lambda predicate: predicate.update(declared_limits=["L1"]))
    judged(making.bundle(), making.log, exit=Exit.FAILED, step=10, said="limit")


def test_withheld_and_said():
    """A record withheld openly verifies, and is said."""
    log = firm_log()
    making = Making(log)
    hidden = making.part().streams["venue"].lines[-1]
    line = bundle.withheld_line(merkle.leaf_hash(hidden), "personal_data")

    class Open(Making):
        def derived(self):
            shown = replace(self, log=self.log)
            shown.log.streams["upbit"].remove(hidden)
            try:
                return derive(self.lines(), self.period(), withheld=1, seals=len(log.sealed))
            finally:
                shown.log.streams["upbit"].append(hidden)

    def change(predicate):
        predicate["withheld"] = {"records": 1, "why": {"personal_data": 1}}

    made = Open(log, change=change, change_part=with_lines(lambda lines: (*lines[:-1], line)))
    judged(made.bundle(), log, exit=Exit.WARNINGS, step=None, said="1 records are withheld")


def test_an_officer_who_did_not_sign():
    making = Making(
        firm_log(), change=lambda predicate: predicate["officer"].update(key_sha256=dsse.keyid(public(8)))
    )
    judged(making.bundle(), making.log, exit=Exit.FAILED, step=2, said="officer")


def test_a_key_that_was_no_longer_valid():
    making = Making(firm_log())
    held = trust(making.log)
    old = replace(held, attesters=(replace(held.attesters[0], until=instant(5)),))
    judged(making.bundle(), making.log, exit=Exit.FAILED, step=2, held=old)


# What the draft left open (KGA/1 §24)
def test_a_log_that_is_not_what_its_genesis_says():
    making = Making(firm_log(), change=lambda predicate: predicate["logs"][0].update(role="agent"))
    judged(making.bundle(), making.log, exit=Exit.FAILED, step=5, said="another role")


def test_a_log_without_its_genesis():
    log = firm_log()
    log.streams["firm"] = [
        canonical.encode(json.loads(line) | {"n": n}) for n, line in enumerate(log.streams["firm"][1:])
    ]
    log.seal(91.5)
    judged(Making(log).bundle(), log, exit=Exit.FAILED, step=5, said="genesis")


def test_one_log_named_twice():
    making = Making(
        firm_log(), change=lambda predicate: predicate.update(logs=[*predicate["logs"], *predicate["logs"]])
    )
    judged(making.bundle(), making.log, exit=Exit.FAILED, step=6, said="not those the statement names")


@pytest.mark.parametrize("start", [1, 10])
def test_a_range_that_hides_the_opening_state(start):
    log, data = first_and_second()
    judged(second(log, data, start=start).bundle(), log, exit=Exit.FAILED, step=8, said="reach back")


def test_a_range_that_begins_at_a_snapshot():
    log = firm_log()
    lines = [line for line in Making(log).lines() if line.record.stream == "upbit"]
    told = [line for line in lines if line.record.t <= at(61)]
    log.streams["upbit"] = [encode(line.record) for line in [*told, *snapshot(lines, 61)]]
    sealed_anew(log)
    first = Making(replace_leaves(log, 7), until=62, seal_no=6).bundle()
    whole = second(log, first)
    later = replace(whole, since=62, start=len(told))
    judged(later.bundle(), log, exit=Exit.WARNINGS, step=None, previous=first)
    assert len(later.derived()["grants"]) == 1
    early = replace(later, since=60.5)
    judged(early.bundle(), log, exit=Exit.FAILED, step=8, said="reach back")


def test_another_statement_under_the_same_id():
    log, data = first_and_second()
    making = second(log, data)
    log.add(
        91.3,
        "upbit",
        "attestation.issued",
        attestation_id=making.previous["attestation_id"],
        serial=1,
        period=making.previous["period"],
        statement_sha256="ff" * 32,
    )
    log.seal(91.4)
    judged(making.bundle(), log, exit=Exit.FAILED, step=11, said="another statement")


def test_another_attestation_for_the_same_time():
    log = firm_log()
    log.add(
        91.3,
        "upbit",
        "attestation.issued",
        attestation_id="KGA-0f1e2d3c-upbit-0001",
        serial=1,
        period={"from": instant(30), "to": instant(60), "tz": "UTC"},
        statement_sha256="ff" * 32,
    )
    log.seal(91.4)
    judged(Making(log).bundle(), log, exit=Exit.FAILED, step=11, said="for the same time")


@pytest.mark.parametrize(
    ("serials", "step"), [((1, 2), None), ((1, 1, 2), 11), ((1, 2, 3), 11), ((1, 2, 4), 11)]
)
def test_older_attestations_for_the_same_time(serials, step):
    log = firm_log()
    period = {"from": instant(30), "to": instant(70), "tz": "UTC"}
    for n, serial in enumerate(serials):
        told = {"serial": serial, "attestation_id": f"{n}-{serial}", "statement_sha256": "ee" * 32}
        log.add(91.3, "upbit", "attestation.issued", **told, period=period)
    log.seal(91.4)
    place = serials.index(2)
    before = {"attestation_id": f"{place}-2", "serial": 2, "statement_sha256": "ee" * 32, "period": period}
    data = Making(log, since=60, serial=3, previous=before).bundle()
    judged(data, log, exit=Exit.FAILED if step else Exit.WARNINGS, step=step)


@pytest.mark.parametrize(
    "body", [{}, {"key": KEY}, {"key": 5}, {"key": KEY, "at_venue": "api", "reason": None, "by": OTHER}]
)
def test_a_sealed_body_of_another_form(body):
    log = firm_log()
    making = Making(log, seal_no=-1)
    before = making.derived()
    log.streams["upbit"].append(
        canonical.encode(
            json.loads(log.streams["upbit"][-1])
            | {"n": len(log.streams["upbit"]), "type": "key.revoke", "body": body}
        )
    )
    log.seal(91.5)

    class Blind(Making):
        def derived(self):
            return json.loads(json.dumps(before))

    judged(Blind(log).bundle(), log, exit=Exit.FAILED, step=7, said="form of its type")


@pytest.mark.parametrize("name", ["evidence/" + "00" * 32 + ".png", "logs/0f1e2d3c4b5a6978/more.json"])
def test_what_has_no_place(name):
    making = Making(firm_log())
    entries = making.entries() | {name: b"{}"}
    said = statement.Statement(statement.ATTESTATION, statement.subject(entries), making.predicate())
    envelope = dsse.sign(statement.encode(said), dsse.IN_TOTO, [(public(2), private(2).sign)])
    data = container.pack(entries | {bundle.STATEMENT: envelope.encode()})
    evidence = name.startswith("evidence")
    judged(
        data,
        making.log,
        exit=Exit.FAILED if evidence else Exit.MALFORMED,
        step=3 if evidence else 6,
        said="no place",
    )


def test_a_signature_that_names_another_key():
    making = Making(firm_log())
    data = forged(making, lambda envelope: resigned(envelope, envelope.signatures[0].sig, "00" * 32))
    judged(data, making.log, exit=Exit.FAILED, step=2)
