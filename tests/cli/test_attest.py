"""Attestations by the commands: from an officer's key to a file that the recipient verifies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.kga import container
from keyguard.stores import signer_file
from keyguard.stores.attestations import offer
from keyguard.workflows.trust_file import key_json
from tests.cli.desk import desk, upbit_key, write_private
from tests.stores.vaults import CHEAP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.desk import Desk, Done

SINCE = ("--from", "2026-11-01T00:00")
OFFICER = ("--officer", "Kim FAKE / 김가짜", "--title", "CCO / 준법감시인")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("attest"), impatient=True) as opened:
        opened.init("file", "--firm", "FAKE Trading")
        opened.add("upbit/mm/bot", upbit_key(opened.venues.venues["upbit"]))
        for name in ("officer", "second"):
            signer = attester(opened, name)
            opened.keyguard("attester", "add", name, "--key", signer)
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


def test_an_auditor_and_a_summary(ready: Desk) -> None:
    for_whom = ("--profile", "auditor", "--recipient", "FAKE Audit", *SINCE, "--json")
    (told,) = attest(ready, *for_whom).json
    ready.keyguard("verify", told["file"], "--trust", "trust.json", expect=1)
    words = ("--profile", "summary", "--venue", "upbit", "--recipient", "FAKE Bank", "--kind", "bank")
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
    refused = attest(ready, "--venue", "gopax", *SINCE, "--reservation", "as at Upbit", expect=6)
    assert "other venue, upbit" in refused.errors[0]


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
