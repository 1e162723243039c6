"""Attestations by the commands: from an officer's key to a file that the recipient verifies."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from keyguard.cli.main import main
from keyguard.core.errors import UsageError
from keyguard.core.people import Decision
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.kga import bundle, container, dsse
from keyguard.stores import signer_file
from keyguard.stores.attestations import offer
from keyguard.workflows import approvals
from keyguard.workflows.identity import Actor
from keyguard.workflows.trust_file import key_json
from tests.cli.desk import Desk, bybit_keys, desk, upbit_key, write_private
from tests.kga import alone
from tests.reading.test_pades import WORD
from tests.reading.test_pades import container as pkcs12_of
from tests.stores.vaults import CHEAP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.cli.desk import Done

SINCE = ("--from", "2026-11-01T00:00")
ENDED = "bybit/mm/ended"
OFFICER = ("--officer", "Kim FAKE / 김가짜", "--title", "CCO / 준법감시인")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("attest"), impatient=True) as opened:
        opened.init("file", "--firm", "FAKE Trading")
        (opened.work / "out").mkdir()
        opened.add("upbit/mm/bot", upbit_key(opened.venues.venues["upbit"]))
        opened.add(ENDED, bybit_keys(opened.venues.venues["bybit"])[0])
        for name in ("officer", "second"):
            signer = attester(opened, name)
            opened.keyguard("attester", "add", name, "--key", signer)
        opened.keyguard("person", "add", "hana", "--name", "Hana FAKE / 하나")
        opened.keyguard("grant", "add", "hana", "--key", ENDED)
        opened.keyguard("attest", "trust", "-o", "trust.json", "--card", "card.txt")
        yield opened


def attester(at: Desk, name: str) -> str:
    """Make a key as `attest key make` does, but one that is quick to open; its public half."""
    made = signer_file.make(
        at.work / f"{name}.attester",
        Secret("FAKE passphrase of a test"),
        SystemClock().token,
        cost=CHEAP,
        holds=signer_file.ATTESTATIONS,
    )
    write_private(at.work / f"{name}.passphrase", "FAKE passphrase of a test\n")
    return str(key_json(bytes.fromhex(made.public))["public_key"])


def signing(name: str) -> tuple[str, ...]:
    return ("--signer", f"{name}.attester", "--signer-passphrase-file", f"{name}.passphrase")


def attest(at: Desk, *words: str, expect: int = 0) -> Done:
    return at.keyguard("attest", *OFFICER, *signing("officer"), "-o", "out", *words, expect=expect)


def test_from_a_home_to_a_verified_file(ready: Desk) -> None:
    told = attest(ready, "--venue", "upbit", *SINCE, "--nonce", "q1", "--reservation", "하나", "--json").json[
        0
    ]
    assert told["file"] == f"out/{told['attestation_id']}.zip"
    assert told["reservations"][-1] == "하나"
    given = ("--trust", "trust.json", "--recipient", "upbit", "--nonce", "q1")
    verified = ready.keyguard("verify", told["file"], *given, expect=1)
    assert f"{told['attestation_id']} of FAKE Trading" in verified.out
    inside = container.unpack((ready.work / told["file"]).read_bytes())
    assert {"reading/attestation.pdf", "reading/verify.txt", "renderings.dsse.json"} <= set(inside)
    kept = ready.home / "attestations" / f"{told['attestation_id']}.zip"
    assert kept.read_bytes() == (ready.work / told["file"]).read_bytes()
    assert kept.stat().st_mode & 0o077 == 0
    assert "attest-" not in " ".join(one.name for one in ready.home.iterdir())
    refused = attest(ready, "--venue", "upbit", *SINCE, expect=2)
    assert "issued for some of this time already" in refused.errors[0]
    again = attest(ready, "--venue", "upbit", *SINCE, "--again").out
    assert "-upbit-0002.zip" in again
    assert "Upbit, serial 2: verified" in again


def test_the_pdf_is_signed_for_viewers(ready: Desk) -> None:
    write_private(ready.work / "pades.passphrase", f"{WORD}\n")
    store = ready.work / "officer.p12"
    store.write_bytes(pkcs12_of(ec.generate_private_key(ec.SECP256R1())))
    words = ("--venue", "bitbank", "--negative", *SINCE, "--pades", "officer.p12")
    exposed = attest(ready, *words, "--pades-passphrase-file", "pades.passphrase", expect=3)
    assert "can be reached by other users" in exposed.errors[0]
    store.chmod(0o600)
    wrong = attest(ready, *words, "--pades-passphrase-file", "officer.passphrase", expect=2)
    assert "no RSA or ECDSA key that its pass-phrase opens" in wrong.errors[0]
    (told,) = attest(ready, *words, "--pades-passphrase-file", "pades.passphrase", "--json").json
    given = ("--trust", "trust.json", "--recipient", "bitbank")
    ready.keyguard("verify", told["file"], *given, expect=1)
    inside = container.unpack((ready.work / told["file"]).read_bytes())
    (ready.work / "signed.pdf").write_bytes(inside["reading/attestation.pdf"])
    if pdfsig := shutil.which("pdfsig"):
        command = [pdfsig, "-nocert", "signed.pdf"]
        done = subprocess.run(command, cwd=ready.work, capture_output=True, text=True, check=True)
        assert "Signature is Valid" in done.stdout
        assert "Total document signed" in done.stdout


def test_the_card_and_the_trust_file_name_the_same_keys(ready: Desk) -> None:
    trust = json.loads((ready.work / "trust.json").read_text())
    card = (ready.work / "card.txt").read_text()
    assert len(trust["attesters"]) == 2
    for one in trust["attesters"]:
        assert one["public_key"] in card
    assert trust["logs"][0]["vkey"] in card
    assert ready.keyguard("attest", "trust").json["firm"] == "FAKE Trading"


def test_two_sign(ready: Desk) -> None:
    config = ready.home / "config.toml"
    before = config.read_text()
    config.write_text(before + '\n[attest]\nsecond_signature = "required"\npreparer = "Lee FAKE"\n')
    try:
        waits = attest(ready, "--venue", "bithumb", "--negative", *SINCE).out
        id_ = waits.split()[0]
        assert f"keyguard attest sign {id_}" in waits
        assert not (ready.work / "out" / f"{id_}.zip").exists()
        assert ready.keyguard("attest", "sign", id_, "-o", "out", expect=2).errors
        signed = ready.keyguard("attest", "sign", id_, *signing("second"), "-o", "out").out
    finally:
        config.write_text(before)
    assert f"out/{id_}.zip" in signed
    words = ("--trust", "trust.json", "--recipient", "bithumb", "--require-signatures", "2")
    ready.keyguard("verify", f"out/{id_}.zip", *words, expect=1)


def verified(at: Desk, told: Any, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Of what both verifiers warn, who come to the same."""
    words = (str(at.work / told["file"]), "--trust", str(at.work / "trust.json"), "--json", *words)
    said = []
    for command in (lambda: main(["verify", *words]), lambda: alone.module().main([*words])):
        assert command() == 1
        said.append(json.loads(capsys.readouterr().out))
    assert said[0]["summary"] == said[1]["summary"]
    notes = [{row["detail"] for row in one["checks"] if row["outcome"] == "note"} for one in said]
    assert notes[0] == notes[1]
    return sorted(notes[0])


def inside(at: Desk, told: Any) -> tuple[dict[str, bytes], Any]:
    entries = container.unpack((at.work / told["file"]).read_bytes())
    return entries, json.loads(dsse.parse(entries[bundle.STATEMENT]).payload)["predicate"]


def test_a_venue_that_the_log_holds_nothing_about(ready: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--venue", "korbit", "--negative", *SINCE, "--no-copies", "--json")
    (told,) = attest(ready, *words).json
    verified(ready, told, capsys, "--recipient", "korbit")
    entries, said = inside(ready, told)
    assert [data for name, data in entries.items() if name.endswith("venue/records.jsonl")] == [b""]
    assert said["register"]["rows"] == 0
    (again,) = attest(ready, *words, "--again").json
    verified(ready, again, capsys, "--recipient", "korbit", "--previous", str(ready.work / told["file"]))


def test_a_key_that_its_venue_ended(ready: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    of_bybit = ("--venue", "bybit", "--no-copies", "--json")
    attest(ready, *of_bybit, *SINCE)
    public_id, _ = ready.stored(ENDED)
    ready.venues.venues["bybit"].state.book.keys[public_id].deleted = True
    ready.keyguard("key", "inspect", ENDED, expect=1)
    why = ("--reinstatement", ENDED, "--explanation", "the bot moved to another host")
    attest(ready, *of_bybit, *why)
    (told,) = attest(ready, *of_bybit, *why).json  # the venue asked once more
    verified(ready, told, capsys, "--recipient", "bybit", "--min-serial", "3")
    entries, said = inside(ready, told)
    assert any("재발급 요청" in one and "permissions needed" in one for one in said["reservations"])
    assert any(one.endswith("moved to another host") for one in said["reservations"])
    derived = json.loads(entries[bundle.DERIVED])
    assert [row["status"] for row in derived["register"]] == ["invalidated_by_venue"]
    assert derived["incidents"]
    # The periodic one is about the days of both.
    (last,) = attest(ready, *of_bybit, *SINCE, "--again").json
    verified(ready, last, capsys, "--recipient", "bybit", "--previous", str(ready.work / told["file"]))


def test_an_auditor_and_a_summary(ready: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    for_whom = ("--profile", "auditor", "--recipient", "FAKE Audit", *SINCE, "--json")
    (told,) = attest(ready, *for_whom).json
    assert not any("not opened" in one or "in doubt" in one for one in verified(ready, told, capsys))
    entries, said = inside(ready, told)
    assert "every venue in the records shown" in said["statement_text"]["en"]
    assert any(name.endswith("/bybit/private.jsonl") for name in entries)
    rows = json.loads(entries[bundle.DERIVED])["persons"]
    assert ("bybit", "hana", "Hana FAKE / 하나") in {
        (row["venue"], row["person"], row["name"]) for row in rows
    }
    words = ("--profile", "summary", "--venue", "upbit", "--recipient", "FAKE Bank", "--kind", "bank")
    (told,) = attest(ready, *words, *SINCE, "--row", "upbit/mm/bot", "--json").json
    said = ready.keyguard("verify", told["file"], "--trust", "trust.json", expect=1).out
    assert "1 rows of the register are proven" in said
    (told,) = attest(ready, *words, *SINCE, "--no-copies", "--json").json
    names = container.unpack((ready.work / told["file"]).read_bytes())
    assert set(names) == {"derived.json", "statement.dsse.json"}


def test_a_secret_does_not_leave(ready: Desk) -> None:
    _, secret = ready.stored("upbit/mm/bot")
    before = sorted((ready.work / "out").iterdir())
    words = ("--venue", "coinone", *SINCE, "--reservation", f"as agreed: {secret[3:17]}")
    refused = attest(ready, *words, expect=6)
    assert "holds what must not leave: secret, upbit/mm/bot version 1 secret" in refused.errors[0]
    assert secret[3:17] not in refused.err
    assert sorted((ready.work / "out").iterdir()) == before
    kept = [path.name for path in (ready.home / "attestations").glob("*.zip")]
    assert not any("coinone" in name for name in kept)
    shown = ready.keyguard("log", "show", "--type", "attestation.stopped", "--json").out
    assert "attestation.stopped" in shown
    assert "coinone" not in shown


def test_another_venue_is_not_named(ready: Desk) -> None:
    (ready.work / "contract.txt").write_text("FAKE: the desk trades, as at Upbit, by the book")
    refused = attest(ready, "--venue", "gopax", *SINCE, "--evidence", "contract.txt", expect=6)
    assert "evidence/" in refused.errors[0]
    assert "other venue, upbit" in refused.errors[0]
    assert "cannot be read" in attest(ready, "--venue", "gopax", *SINCE, "--evidence", "gone", expect=2).err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--venue", "upbit"), "from which day on?"),
        (SINCE, "which venue?"),
        (("--venue", "upbit", *SINCE, "--profile", "auditor"), "an auditor is shown all venues"),
        (("--profile", "summary", *SINCE), "a summary is of one venue"),
        (("--profile", "auditor", *SINCE), "how is the recipient called?"),
        (("--venue", "upbit", *SINCE, "--nonce", "é"), "a nonce is"),
        (("--venue", "upbit", *SINCE, "--name", "kim"), "names are disclosed for a purpose"),
        (("--venue", "upbit", "--reinstatement", "bot"), "a reinstatement is at one venue"),
        (("--venue", "upbit", *SINCE, "--pades", "x", "--no-copies"), "--pades signs the PDF"),
        (("--venue", "upbit", *SINCE, "--row", "bot"), "--row is for a summary"),
        (("--venue", "nowhere", *SINCE), "no venue 'nowhere'"),
        (("--venue", "firm", *SINCE), "no venue 'firm'"),
        (("--venue", "upbit", *SINCE, "--negative"), "this log has records about upbit"),
        (
            ("--venue", "upbit", "--reinstatement", "bot", "--explanation", "x"),
            "nobody noted that upbit ended",
        ),
    ],
)
def test_wrong_use(ready: Desk, words: tuple[str, ...], said: str) -> None:
    assert said in attest(ready, *words, expect=2).errors[0]


def test_where_the_file_cannot_be_put(ready: Desk) -> None:
    (ready.work / "taken").write_text("")
    words = ("--venue", "korbit", *SINCE, *OFFICER, *signing("officer"))
    refused = ready.keyguard("attest", *words, "-o", "taken", expect=2)
    assert "taken is no folder for the file" in refused.errors[0]
    assert refused.errors[1] == "keyguard: nothing was issued"


def test_where_the_disk_fills_up_the_home_has_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written") as error:
        offer("KGA-0f1e2d3c-upbit-0001", b"FAKE", tmp_path / "gone")
    assert "the folder attestations of the home has the file" in error.value.still


def test_a_key_for_approvals_is_none_for_attestations(ready: Desk, tmp_path: Path) -> None:
    made = tmp_path / "kim.signer"
    ready.keyguard("signer", "make", str(made), "--signer-passphrase-file", "officer.passphrase")
    words = ("--venue", "upbit", *SINCE, *OFFICER, "--signer", str(made))
    refused = ready.keyguard(
        "attest", *words, "--signer-passphrase-file", "officer.passphrase", "-o", "out", expect=3
    )
    assert "holds no key of an attester" in refused.errors[0]
    assert "keyguard attest key make" in refused.errors[-1]


def test_a_key_is_made_and_shown(ready: Desk) -> None:
    words = ("attest", "key", "make", "new.attester", "--signer-passphrase-file", "officer.passphrase")
    told = ready.keyguard(*words)
    assert "public key  " in told.out
    assert "keyguard attester add" in told.err
    assert (ready.work / "new.attester").stat().st_mode & 0o077 == 0


def test_only_an_attestations_id_is_one(ready: Desk) -> None:
    refused = ready.keyguard("attest", "sign", "../../x", *signing("second"), "-o", "out", expect=2)
    assert "is no attestation's id" in refused.errors[0]


def test_after_a_restore_the_next_one_follows_on_the_last(ready: Desk) -> None:
    ready.keyguard("person", "add", "lee", "--os-user", "lee", "--role", "approver")
    words = ("--venue", "gopax", *SINCE, "--negative", "--no-copies", "--json")
    (first,) = attest(ready, *words).json
    newest = ready.keyguard("log", "checkpoint", "--last", "--note").out
    opened = ready.keyguard("incident", "open", "--class", "leak", "--how", "FAKE", "--json").json
    ready.keyguard("incident", "preserve", opened["id"])
    passphrase = str(write_private(ready.folder / "backup-passphrase", "FAKE backup passphrase, six words"))
    file = str(ready.folder / "home.kgb")
    made = ready.keyguard("backup", "create", file, "--backup-passphrase-file", passphrase, "--json").json
    held = [path for name in ("attestations", "incidents") for path in (ready.home / name).rglob("*")]
    assert (made["files"], made["left_out"]) == (len([one for one in held if one.is_file()]), [])

    new = Desk(ready.folder.parent / "new", ready.venues, impatient=True)
    told = new.keyguard("backup", "restore", file, "--backup-passphrase-file", passphrase, "--json").json
    assert (told["files"], told["lacking"]) == (made["files"], [])
    waits = new.keyguard("log", "resume", "-", sent=newest, expect=2)
    assert "a second person must agree" in waits.errors[0]
    (waiting,) = new.keyguard("approve", "--json").json
    with new.opened() as ports:  # lee sits at another machine
        approvals.decide(ports, waiting["id"], Decision.APPROVE, actor=Actor("lee", "elsewhere"))
    new.keyguard("log", "resume", "-", sent=newest)
    for name in ("officer.attester", "officer.passphrase"):
        write_private(new.work / name, (ready.work / name).read_text())
    (second,) = attest(new, *words, "--again").json
    assert second["attestation_id"].endswith("-gopax-0002")
    given = ("--trust", str(ready.work / "trust.json"), "--recipient", "gopax")
    verified = new.keyguard(
        "verify", second["file"], *given, "--previous", str(ready.work / first["file"]), expect=1
    )
    assert verified.out.endswith("VERIFIED WITH WARNINGS\n")
    new.keyguard("incident", "preserve", opened["id"], "--check")
    assert new.keyguard("log", "verify", "--json").json["restored"]
