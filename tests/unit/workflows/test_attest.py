"""Attestations from a log in memory; every file that is made passes the verifier of recipients."""

from __future__ import annotations

import json

import pytest

from keyguard.core import canonical
from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.record import commitment
from keyguard.kga import bundle, checkpoints, container, dsse, notes, statement
from keyguard.kga.verdict import Exit
from keyguard.kga.verify.opening import Wanted
from keyguard.kga.verify.steps import verify
from keyguard.kga.verify.trust import parse
from keyguard.workflows import anchors, attesters
from keyguard.workflows.attest import Key, Reading, sign
from keyguard.workflows.attest_documents import document
from keyguard.workflows.attest_packs import demand_nothing
from keyguard.workflows.attest_predicate import Recipient
from keyguard.workflows.log_renew import renew
from keyguard.workflows.seal import make_seal, sealed
from keyguard.workflows.trust_file import key_card, trust_file
from tests.fakes.attesting import ACTOR, AUDITOR, BITHUMB, REGISTER, UPBIT, Firm
from tests.fakes.sealing import HANDOUT, KEY
from tests.kga import alone
from tests.kga.making import private, public

OBSERVED = {
    "key": KEY,
    "by": "venue_api",
    "scopes_granted": ["read"],
    "ip_allow": [],
    "status": "enabled",
}


def refused(code, action, *words, **more):
    with pytest.raises((UsageError, IntegrityError)) as error:
        action(*words, **more)
    assert error.value.code == code
    return error.value


def entries(made):
    return container.unpack(made.data)


def test_it_is_made_checked_recorded_and_kept():
    firm = Firm()
    firm.wait()
    (made,) = firm.attest(0, 1, nonce="what of September?", reservations=("a word",))
    said = made.predicate
    assert made.id == f"KGA-{said['logs'][0]['log_id'][:8]}-upbit-0001"
    assert (said["serial"], said["previous"], said["nonce"]) == (1, None, "what of September?")
    assert said["reservations"][-1] == "a word"
    assert said["declared_limits"] == ["L1", "L2", "L3", "L4", "L5", "L6"]
    assert firm.kept.files == {made.id: made.data}
    (told,) = firm.audit.bodies("attestation.issued")
    assert (told["attestation_id"], told["statement_sha256"]) == (made.id, made.sha256)
    assert json.loads(entries(made)["derived.json"])["register"][0]["key"] == KEY


def test_open_findings_take_the_place_of_sentences():
    firm = Firm()
    firm.wait()
    (made,) = firm.attest(0, 1)  # its two hand-outs name no grant: F06
    assert any("F06" in one for one in made.predicate["reservations"])
    text = made.predicate["statement_text"]["en"]
    assert "(2) not confirmed without reservation" in text
    assert "(1) the register contains every API key" in text
    assert "2026-11-20" in text


def test_the_next_one_follows_and_begins_with_the_state_at_its_begin():
    firm = Firm()
    firm.wait()
    (first,) = firm.attest(0, 1)
    for _ in range(2):
        firm.wait()
        firm.audit.append("upbit", "handout", HANDOUT)
    (second,) = firm.attest(1, 3)
    log = second.predicate["logs"][0]
    assert (second.predicate["serial"], second.predicate["previous"]["statement_sha256"]) == (2, first.sha256)
    assert log["from"] == 0, "the first snapshot is from after this period began"
    assert log["previous"]["to"] == first.predicate["logs"][0]["to"]
    firm.wait()
    (third,) = firm.attest(3, 4)
    log = third.predicate["logs"][0]
    lines = entries(third)[f"logs/{log['log_id']}/venue/records.jsonl"].splitlines()
    assert 0 < log["from"] <= log["previous"]["to"]
    assert b'"type":"snapshot.begin"' in lines[0]
    assert json.loads(entries(third)["derived.json"])["register"][0]["key"] == KEY


def test_several_venues_share_the_seal_and_nothing_of_each_other():
    firm = Firm()
    firm.audit.append("bithumb", "handout", HANDOUT | {"person": "p_" + "9" * 20})
    firm.wait()
    upbit, bithumb = firm.attest(0, 1, UPBIT, BITHUMB)
    notes_ = [
        entries(one)[f"logs/{one.predicate['logs'][0]['log_id']}/seal.tlog-proof"] for one in (upbit, bithumb)
    ]
    assert notes_[0] == notes_[1]
    assert upbit.predicate["fingerprint_salt"] != bithumb.predicate["fingerprint_salt"]
    assert upbit.predicate["register"]["row_secret"] != bithumb.predicate["register"]["row_secret"]
    assert b"p_" + b"9" * 20 not in upbit.data
    assert b"bithumb" not in upbit.data, "Upbit is not told of the firm's other venues"


def test_two_for_one_time():
    firm = Firm()
    firm.wait()
    firm.attest(0, 1)
    assert "--again" in refused("attest.overlap", firm.attest, 0, 1).hint
    (again,) = firm.attest(0, 1, again=True)
    assert again.predicate["serial"] == 2
    firm.wait(2)
    (third,) = firm.attest(0, 3, again=True)  # also of the first, which the second names
    assert third.predicate["serial"] == 3
    assert firm.audit.types().count("attestation.issued") == 3


def test_without_the_copy_of_the_one_before():
    firm = Firm()
    firm.wait(2)
    (first,) = firm.attest(0, 1)
    data = firm.kept.files.pop(first.id)
    assert "folder attestations" in refused("attest.previous", firm.attest, 1, 2).hint
    firm.kept.files[first.id] = data[:-1]
    refused("attest.altered", firm.attest, 1, 2)
    (other,) = Firm.attest(firm_like(firm), 0, 1, nonce="x")
    firm.kept.files[first.id] = other.data
    refused("attest.altered", firm.attest, 1, 2)
    firm.kept.files[first.id] = data
    assert firm.attest(1, 2)[0].predicate["serial"] == 2


def firm_like(firm):
    other = Firm()
    other.wait(2)
    return other


@pytest.mark.parametrize("where", ["gate", "verify"])
def test_what_is_stopped_leaves_a_record_that_names_no_venue(where):
    firm = Firm()
    firm.wait()
    firm.finish.stop = where
    refused("attest.gate" if where == "gate" else "attest.unverified", firm.attest, 0, 1)
    assert (firm.kept.files, firm.audit.bodies("attestation.issued")) == ({}, [])
    assert firm.audit.bodies("attestation.stopped") == [{}]
    (hidden,) = [one for one in firm.audit.private().values() if b"recipients" in one]
    assert json.loads(hidden)["recipients"] == ["upbit"]
    firm.finish.stop = ""
    (made,) = firm.attest(0, 1)
    assert made.predicate["serial"] == 1
    assert firm.finish.reports[-1].derived["unknown_types"] == {}


def test_two_exports_of_one_seal_have_the_same_bytes():
    firm = Firm()
    firm.wait()
    make_seal(firm.ports)
    firm.finish.stop = "verify"
    for _ in range(2):
        refused("attest.unverified", firm.attest, 0, 1, last_seal=True)
        firm.ports.clock.sleep(60)
    assert firm.finish.seen[0] == firm.finish.seen[1]
    refused("attest.seal", firm.attest, 0, 1.001, last_seal=True)


def test_a_witness_who_saw_the_seal_stands_in_the_statement():
    firm = Firm()
    key = notes.VerifierKey("witness.example/w1", notes.COSIGNATURE, public(3))
    attesters.add(firm.ports, "witness", str(key), "audit unit", actor=ACTOR)
    firm.wait()
    head = make_seal(firm.ports)
    anchors.cosign(
        firm.ports,
        str(notes.Note(head.note.text, (notes.cosign(head.note.text, key, private(3).sign, 1_795_000_000),))),
    )
    firm.ports.seals.stamp(head.checkpoint.size, b"FAKE reply")
    (made,) = firm.attest(0, 1, last_seal=True)
    assert made.predicate["anchors"][0]["name"] == "witness.example/w1"
    assert "L4" not in made.predicate["declared_limits"]
    assert entries(made)["anchors/checkpoint-1.tsr"] == b"FAKE reply"


def test_who_may_sign():
    firm = Firm()
    firm.wait()
    assert "keyguard attester add" in refused("attest.signer", firm.attest, 0, 1, seeds=(7,)).hint
    refused("attest.signer", firm.attest, 0, 1, seeds=(2, 2))
    refused("attest.signer", firm.attest, 0, 1, seeds=())
    assert firm.audit.types().count("snapshot.begin") == 0


def test_who_prepares_is_not_who_signs():
    firm = Firm(two=True)
    firm.wait()
    refused("attest.preparer", firm.attest, 0, 1)
    firm.prepared_by("Kim FAKE")
    firm.who = type(firm.who)(**{**fields(firm.who), "preparer": firm.who.officer})
    refused("attest.preparer", firm.attest, 0, 1)
    firm.prepared_by("Lee FAKE")
    firm.register(3, "lee", ACTOR.user)
    refused("attest.preparer", firm.attest, 0, 1, seeds=(3,))


def fields(config):
    return {name: getattr(config, name) for name in config.__dataclass_fields__}


def test_a_second_signature_comes_later():
    firm = Firm(two=True)
    firm.register(3, "board member")
    firm.prepared_by("Lee FAKE")
    firm.wait()
    (first,) = firm.attest(0, 1)
    assert not first.complete
    assert (list(firm.waiting.files), firm.kept.files) == ([first.id], {})
    assert firm.audit.bodies("attestation.issued") == []
    more = (firm.kept, firm.waiting, firm.finish)
    refused("attest.signed", sign, firm.ports, first.id, key(2), *more)
    refused("attest.signer", sign, firm.ports, first.id, key(8), *more)
    made = sign(firm.ports, first.id, key(3), *more)
    envelope = dsse.parse(entries(made)[bundle.STATEMENT])
    assert len(envelope.signers([public(2), public(3)])) == 2
    assert made.sha256 == first.sha256
    assert firm.audit.bodies("attestation.issued")[0]["attestation_id"] == made.id
    assert firm.waiting.files == {}
    refused("attest.unknown", sign, firm.ports, first.id, key(3), *more)


def test_a_new_officer_follows_on_the_old_one():
    firm = Firm()
    firm.wait()
    firm.attest(0, 1)
    firm.wait()
    attesters.remove(firm.ports, key(2).text)
    firm.register(3, "new officer")
    (second,) = firm.attest(1, 2, seeds=(3,))
    assert second.predicate["serial"] == 2
    old, new = parse(trust_file(firm.ports, "FAKE Trading", 1)).attesters
    assert (old.public, new.public) == (public(2), public(3))
    assert not old.valid_at(second.predicate["issued_at"])
    assert new.until is None


def test_one_that_waited_too_long():
    firm = Firm(two=True)
    firm.register(3, "board member")
    firm.prepared_by("Lee FAKE")
    firm.wait()
    (old,) = firm.attest(0, 1)
    (new,) = firm.attest(0, 1, seeds=(2, 3))
    assert new.complete
    assert new.id == old.id
    more = (firm.kept, firm.waiting, firm.finish)
    refused("attest.superseded", sign, firm.ports, old.id, key(3), *more)
    assert firm.waiting.files == {}


def key(seed):
    return Key(public(seed), private(seed).sign)


def test_reading_copies_are_signed_apart():
    firm = Firm()
    firm.wait()
    firm.finish.reading = Reading({"reading/verify.txt": b"how to verify\n"})
    (made,) = firm.attest(0, 1)
    assert entries(made)["reading/verify.txt"] == b"how to verify\n"
    payload = dsse.parse(entries(made)[bundle.RENDERINGS]).payload
    assert json.loads(payload)["predicate"]["statement_sha256"] == made.sha256


def test_what_was_pruned_is_withheld_and_counted():
    firm = Firm()
    make_seal(firm.ports)
    upbit = [entry.number for entry in firm.audit.entries(stream="upbit")]
    firm.ports.seals.prune((upbit[0],))
    firm.wait()
    (made,) = firm.attest(0, 1)
    assert made.predicate["withheld"] == {"records": 1, "why": {"personal_data": 1}}


def test_nothing_about_a_venue():
    firm = Firm()
    firm.wait()
    demand_nothing(firm.ports, "bithumb")
    refused("attest.not_empty", demand_nothing, firm.ports, "upbit")
    (made,) = firm.attest(0, 1, BITHUMB)
    log = made.predicate["logs"][0]
    assert (log["to"], entries(made)[f"logs/{log['log_id']}/venue/records.jsonl"]) == (0, b"")
    demand_nothing(firm.ports, "bithumb")
    firm.wait()
    assert firm.attest(1, 2, BITHUMB)[0].predicate["serial"] == 2


def test_an_auditor_sees_everything():
    firm = Firm()
    firm.audit.append("bithumb", "handout", HANDOUT, private={"user": "lee", "path": "/opt/bot"})
    firm.wait()
    make_seal(firm.ports)
    firm.audit.append("bithumb", "handout", HANDOUT, private={"user": "kim"})  # after the seal: not in it
    (made,) = firm.attest(0, 1, AUDITOR, profile="auditor", last_seal=True)
    inside = entries(made)
    folder = f"logs/{made.predicate['logs'][0]['log_id']}"
    assert inside[f"{folder}/upbit/records.jsonl"]
    line = json.loads(inside[f"{folder}/bithumb/private.jsonl"])
    record = json.loads(inside[f"{folder}/bithumb/records.jsonl"].splitlines()[line["n"]])
    hidden = json.dumps(line["private"], separators=(",", ":"), sort_keys=True).encode()
    assert commitment(bytes.fromhex(line["s"]), hidden) == record["priv"]
    secret = json.loads(inside[f"{folder}/seal_secret.json"])["seal_secret"]
    assert bytes.fromhex(secret) == sealed(firm.ports).seal_secret
    assert firm.audit.bodies("attestation.issued") == [], "no venue is told of the auditor"
    firm.wait()
    assert firm.attest(0, 2, AUDITOR, profile="auditor")[0].predicate["serial"] == 2


def test_a_log_that_began_anew_begins_its_serials_anew():
    firm = Firm()
    firm.audit.append("upbit", "key.observe", OBSERVED, private={"user": "lee"})
    firm.wait()
    (old,) = firm.attest(0, 1)
    renew(firm.ports, tool_version="0", actor=ACTOR)
    firm.wait()
    (made,) = firm.attest(1, 2)
    assert (made.predicate["serial"], made.predicate["previous"]) == (1, None)
    assert made.id != old.id
    assert json.loads(entries(made)["derived.json"])["register"][0]["key"] == KEY
    (whole,) = firm.attest(1, 2, AUDITOR, profile="auditor")
    folder = f"logs/{whole.predicate['logs'][0]['log_id']}"
    assert f"{folder}/upbit/private.jsonl" not in entries(whole), "that was in the old log"
    firm.wait()
    assert firm.attest(2, 3)[0].predicate["serial"] == 2


def test_a_summary_shows_figures_and_no_key():
    firm = Firm()
    firm.wait()
    (made,) = firm.attest(0, 1, Recipient(None, "issuer", "FAKE Issuer", "upbit"), profile="summary")
    assert set(entries(made)) == {"derived.json", bundle.STATEMENT}
    assert KEY.encode() not in made.data
    told = json.loads(entries(made)["derived.json"])
    assert told["summary"]["keys"] == 1
    assert made.predicate["fingerprint_salt"] is made.predicate["register"]["row_secret"] is None


def test_the_trust_file_and_the_card():
    firm = Firm()
    made = make_seal(firm.ports)
    data = trust_file(firm.ports, "FAKE Trading", 2)
    trust = parse(data)
    assert [one.public for one in trust.attesters] == [public(2)]
    assert trust.logs == {made.origin: made.vkey}
    assert trust.signatures_required == 2
    firm_ = {"name_latin": "FAKE Trading", "name_local": "가짜", "registration_no": "0", "country": "KR"}
    card = key_card(firm.ports, firm_, data)
    digest = dsse.keyid(public(2))
    assert " ".join(digest[at : at + 4] for at in range(0, 64, 4)) in card
    assert str(made.vkey) in card
    assert checkpoints.parse(made.note.text).root.hex()[:4] in card


def test_a_document_goes_along_under_its_digest():
    firm = Firm()
    seen = document("register.txt", b"FAKE: what the venue showed")
    firm.audit.append("upbit", "key.observe", OBSERVED | {"evidence_sha256": seen.sha256})
    firm.wait()
    contract = document("contract with FAKE.txt", "FAKE 계약".encode())
    (made,) = firm.attest(0, 1, documents=(seen, contract))
    inside = entries(made)
    assert inside[seen.entry] == seen.data
    assert inside[f"evidence/{contract.sha256}.txt"] == contract.data
    first, second = made.predicate["reservations"][-2:]
    assert "register.txt, SHA-256 " + seen.sha256 in first
    assert "named by a record" in first
    assert "contract with FAKE.txt" in second
    assert "named by no record" in second
    trust = parse(trust_file(firm.ports, "FAKE", 1))
    wanted = Wanted(firm.ports.clock.now(), recipient="upbit")
    spoilt = [
        inside | {seen.entry: b"FAKE: another"},
        {name: data for name, data in inside.items() if name != seen.entry},
        inside | {f"evidence/{'00' * 32}.txt": b"FAKE"},
    ]
    for one in spoilt:
        report = verify(container.pack(one), trust, wanted)
        alone.agrees(report, container.pack(one), trust, wanted, None)
        assert [check.step for check in report.checks if check.outcome > Exit.WARNINGS] == [3]


PDF = b"%PDF-1.7\n1 0 obj << /Type /Font /Subtype /Type0 /ToUnicode 2 0 R >> endobj"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.txt", b"\xff", "is no text in UTF-8"),
        ("a.txt", b"a\0b", "is no text"),
        ("a.docx", b"PK\x03\x04", "of a kind that cannot be searched"),
        ("README", b"x", "of a kind that cannot be searched"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "is a picture, which cannot be searched"),
        ("a.jpg", b"x", "is not what its name says"),
        ("a.pdf", b"x", "is not what its name says"),
        ("a.pdf", PDF + b"<< /Type /ObjStm >>", "packs its objects"),
        ("a.pdf", PDF + b"<< /Encrypt 9 0 R >>", "is encrypted"),
        ("a.pdf", PDF + b"<< /Subtype /Image >>", "holds pictures"),
        ("a.pdf", PDF + b"<< /Type /EmbeddedFile >>", "holds other files"),
        ("a.pdf", PDF.replace(b"/ToUnicode 2 0 R", b""), "without a table of its characters"),
        ("a\u202e.txt", b"x", "forbidden character"),
    ],
)
def test_documents_that_nobody_could_search(name, data, said):
    error = refused("attest.text" if "forbidden" in said else "attest.evidence", document, name, data)
    assert said in error.message


def test_documents_that_can_be_searched_or_were_looked_at():
    assert document("a.PDF", PDF).kind == "pdf"
    assert document("a.png", b"\x89PNG\r\n\x1a\nFAKE", looked_at=True).entry.endswith(".png")


def test_a_summary_is_worded_by_all_tables_though_it_leaves_them_out():
    firm = Firm()
    said = {"incident": "in_" + "1" * 16, "keys": [KEY], "how": "a call", "class": "suspected_sharing"}
    firm.audit.append("upbit", "incident.open", said | {"detected_at": firm.day(0)})
    firm.wait()
    (made,) = firm.attest(0, 1, Recipient(None, "bank", "FAKE Bank", "upbit"), profile="summary")
    assert any("suspected_sharing" in one for one in made.predicate["reservations"])
    assert "F06" in " ".join(made.predicate["reservations"])


def test_a_summary_shows_chosen_rows_with_their_proof():
    firm = Firm()
    others = [f"{digit}c" * 32 for digit in range(4)]
    for key in others:
        firm.audit.append("upbit", "key.register", REGISTER | {"key": key})
    firm.wait()
    bank = Recipient(None, "bank", "FAKE Bank", "upbit")
    chosen = frozenset([others[2], KEY])
    (made,) = firm.attest(0, 1, bank, profile="summary", rows=chosen)
    inside = entries(made)
    tables = json.loads(inside["derived.json"])
    assert {row["key"] for row in tables["register"]} == chosen
    assert "incidents" not in tables, "a table that is not shown is not an empty one"
    assert made.predicate["register"]["rows"] == 5
    for key in {*others} - chosen:
        assert key.encode() not in made.data
    assert firm.finish.reports[-1].exit is Exit.WARNINGS

    def told(change):
        """What both verifiers say of it, signed anew by the officer."""
        forged = json.loads(inside["derived.json"])
        change(forged)
        covered = {"derived.json": canonical.encode(forged)}
        said = statement.Statement(statement.ATTESTATION, statement.subject(covered), made.predicate)
        signed = dsse.sign(statement.encode(said), dsse.IN_TOTO, [(public(2), private(2).sign)])
        data = container.pack(covered | {bundle.STATEMENT: signed.encode()})
        trust, wanted = parse(trust_file(firm.ports, "FAKE", 1)), Wanted(firm.ports.clock.now())
        report = verify(data, trust, wanted)
        alone.agrees(report, data, trust, wanted, None)
        return [(one.step, one.outcome) for one in report.checks if one.outcome > Exit.WARNINGS]

    assert told(lambda tables: None) == []
    failed, malformed = [(9, Exit.FAILED)], [(9, Exit.MALFORMED)]
    assert told(lambda tables: tables["register"][0].update(purpose="another")) == failed
    assert told(lambda tables: tables["rows"].pop()) == failed
    assert told(lambda tables: tables["register"].append(tables["register"][0])) == failed
    assert told(lambda tables: tables["rows"][0].update(salt="00" * 32)) == failed
    assert told(lambda tables: tables["rows"][1].update(index=3)) == failed
    assert told(lambda tables: tables["rows"][1].update(index=9)) == failed
    assert told(lambda tables: tables["rows"][1]["path"].pop()) == failed
    assert told(lambda tables: tables["rows"][0].update(path=["00"])) == malformed
    assert told(lambda tables: tables["rows"][0].update(path=1)) == malformed
    assert told(lambda tables: tables["rows"][0].update(more=1)) == malformed
    assert told(lambda tables: (tables["rows"].reverse(), tables["register"].reverse())) == malformed
    assert told(lambda tables: tables.update(rows=1)) == failed
    refused("attest.row", firm.attest, 0, 1, bank, profile="summary", rows=frozenset(["9c" * 32]))
