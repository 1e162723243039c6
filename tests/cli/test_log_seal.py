"""Seals, checkpoints and signers by the commands; and a home restored from yesterday's backup."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING

import pytest

from keyguard.kga import checkpoints, notes
from tests.cli.desk import bybit_keys, desk
from tests.kga.making import private, public

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.desk import Desk

WITNESS = notes.VerifierKey("witness.example/w1", notes.COSIGNATURE, public(3))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("seal"), impatient=True) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add("bybit/ops/manager", manager)
        opened.add("bybit/mm/bot", bot)
        yield opened


def test_three_lines_and_the_same_again_with_signatures(ready: Desk) -> None:
    lines = ready.keyguard("log", "checkpoint").out
    head = checkpoints.parse(lines)
    told = ready.keyguard("log", "checkpoint", "--last", "--json").json
    assert (told["origin"], told["size"], told["root"]) == (head.origin, head.size, head.root.hex())
    note = notes.parse(ready.keyguard("log", "checkpoint", "--last", "--note").out)
    assert note.text == lines
    assert note.signed_by(notes.verifier_key(told["vkey"]))
    assert ready.keyguard("log", "checkpoint", "--json").json["size"] == head.size + 1


def test_a_witness_is_named_then_heard(ready: Desk) -> None:
    head = ready.keyguard("log", "checkpoint").out
    line = notes.cosign(head, WITNESS, private(3).sign, 1_790_812_800)
    answer = str(notes.Note(head, (line,))).replace("\n", "\r\n")
    refused = ready.keyguard("log", "cosign", "-", sent=answer, expect=2)
    assert "no line in it is a declared witness's" in refused.errors[0]
    ready.keyguard("attester", "add", "audit unit", "--role", "witness", "--key", str(WITNESS))
    assert "witness.example/w1: saw checkpoint" in ready.keyguard("log", "cosign", "-", sent=answer).out


def test_signers_come_and_go_and_each_change_is_sealed(ready: Desk) -> None:
    key = base64.b64encode(public(2)).decode()
    before = ready.keyguard("log", "checkpoint", "--json").json["size"]
    ready.keyguard("attester", "add", "officer", "--key", key, "--person", "kim")
    assert ready.keyguard("log", "checkpoint", "--last", "--json").json["size"] == before + 1
    assert key in ready.keyguard("attester", "list").out
    assert ready.keyguard("attester", "remove", "officer", "--json").json["label"] == "officer"
    listed = ready.keyguard("attester", "list", "--json").json
    assert key not in [one["public_key"] for one in listed]
    assert {one["role"] for one in listed} >= {"log"}
    past = ready.keyguard("attester", "list", "--all", "--json").json
    assert [one["until"] for one in past if one["public_key"] == key] != [""]


@pytest.mark.parametrize(
    "words", [("log", "cosign", "missing"), ("log", "timestamp", "x", "--tsa-root", "y")]
)
def test_a_file_that_is_not_there(ready: Desk, words: tuple[str, ...]) -> None:
    assert "cannot be read" in ready.keyguard(*words, expect=2).errors[0]


def test_a_time_stamp_by_openssl_is_taken_in(ready: Desk, tmp_path: Path) -> None:
    (tmp_path / "head").write_text(ready.keyguard("log", "checkpoint").out)
    root = authority(tmp_path)
    openssl(tmp_path, "ts -query -data head -sha256 -cert -out head.tsq")
    openssl(tmp_path, "ts -reply -config ts.cnf -queryfile head.tsq -out head.tsr")
    words = ("log", "timestamp", str(tmp_path / "head.tsr"), "--tsa-root", str(root))
    assert "existed at" in ready.keyguard(*words).out
    (tmp_path / "head").write_text("something else\n")
    openssl(tmp_path, "ts -query -data head -sha256 -cert -out head.tsq")
    openssl(tmp_path, "ts -reply -config ts.cnf -queryfile head.tsq -out head.tsr")
    assert "no time-stamp over a checkpoint" in ready.keyguard(*words, expect=2).errors[0]


def test_a_revocation_is_sealed_at_once(ready: Desk) -> None:
    before = ready.keyguard("log", "checkpoint", "--json").json
    ready.keyguard("key", "rotate", "bybit/mm/bot", "--overlap", "0s")
    after = ready.keyguard("log", "checkpoint", "--last", "--json").json
    assert after["size"] == before["size"] + 1
    assert after["records"] > before["records"]


def test_nothing_is_old_enough_to_go(ready: Desk) -> None:
    assert "0 records may go" in ready.keyguard("log", "prune").out
    assert ready.keyguard("log", "prune", "--years", "5", "--yes", "--json").json["deleted"] == 0


def test_yesterdays_backup_signs_only_what_is_proven(ready: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "backup-passphrase"
    secret.write_text("FAKE passphrase of a backup, quite long")
    secret.chmod(0o600)
    opened_by = ("--backup-passphrase-file", str(secret))
    ready.keyguard("log", "checkpoint")
    ready.keyguard("backup", "create", "yesterday.kgb", *opened_by)
    older = ready.keyguard("log", "checkpoint", "--last", "--note").out
    newest = ready.keyguard("log", "checkpoint", "--note").out
    home = ("--home", str(tmp_path / "restored"))
    ready.keyguard(*home, "backup", "restore", "yesterday.kgb", *opened_by)
    refused = ready.keyguard(*home, "log", "checkpoint", expect=6)
    assert "restored from a backup" in refused.errors[0]
    assert "log resume" in refused.errors[-1]
    ready.keyguard(*home, "log", "resume", expect=2)
    short = ready.keyguard(*home, "log", "resume", "-", sent=newest, expect=6)
    assert "seals were signed" in short.errors[0]
    ready.keyguard(*home, "log", "checkpoint", expect=6)
    assert "it signs again" in ready.keyguard(*home, "log", "resume", "-", sent=older).out
    ready.keyguard(*home, "log", "checkpoint")
    assert "nothing known is missing" in ready.keyguard(*home, "log", "verify").out


def test_a_backup_that_is_too_old_goes_on_as_a_new_log(ready: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "backup-passphrase"
    secret.write_text("FAKE passphrase of a backup, quite long")
    secret.chmod(0o600)
    opened_by = ("--backup-passphrase-file", str(secret))
    old = ready.keyguard("log", "checkpoint", "--json").json["origin"]
    ready.keyguard("backup", "create", "older.kgb", *opened_by)
    home = ("--home", str(tmp_path / "restored"))
    ready.keyguard(*home, "backup", "restore", "older.kgb", *opened_by)
    ready.keyguard(*home, "log", "renew", expect=2)
    fresh = ready.keyguard(*home, "log", "renew", "--yes", "--json").json
    told = ready.keyguard(*home, "log", "checkpoint", "--json").json
    assert (told["vkey"], told["size"]) == (fresh["vkey"], 2)
    assert told["origin"] == f"keyguard/{fresh['log_id']}" != old
    ready.keyguard(*home, "run", "bybit/mm/bot", "--", "true")
    assert "2 seals match" in ready.keyguard(*home, "log", "verify").out
    assert "the log is now" in ready.keyguard(*home, "log", "renew", "--yes").out


def openssl(folder: Path, words: str) -> None:
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True, timeout=60)


def authority(folder: Path) -> Path:
    """A time-stamping authority of our own: its root, and one certificate below it."""
    (folder / "ts.cnf").write_text(
        "[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\nsubjectKeyIdentifier=hash\n"
        "[tsa_cert]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
        "[tsa]\ndefault_tsa=ours\n[ours]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\n"
        "signer_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\ness_cert_id_alg=sha256\n"
        "[req]\ndistinguished_name=dn\n[dn]\n"
    )
    openssl(
        folder,
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=FAKE-root -days 30 "
        "-config ts.cnf -extensions ca",
    )
    openssl(
        folder,
        "req -new -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=FAKE-tsa -config ts.cnf",
    )
    openssl(
        folder,
        "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 30 "
        "-extfile ts.cnf -extensions tsa_cert",
    )
    (folder / "serial").write_text("01\n")
    return folder / "ca.pem"
