"""`keyguard verify` and `keyguard reconcile` as an exchange's engineer runs them: no home, no key."""

import base64
import json
from datetime import UTC, datetime

import pytest

from keyguard.cli.main import main
from keyguard.core import canonical
from keyguard.core.fingerprints import key_fingerprint
from tests.kga.making import KEY, Making, firm_log, public


@pytest.fixture
def bundle(tmp_path):
    """A bundle that is valid on the day the test runs."""
    making = Making(firm_log())

    def change(predicate):
        now = datetime.now(UTC)
        predicate["issued_at"] = canonical.format_instant(now)
        predicate["valid_until"] = canonical.format_instant(now.replace(year=now.year + 1))

    making.change = change
    (tmp_path / "b.zip").write_bytes(making.bundle())
    trust = {
        "firm": "FAKE Trading",
        "logs": [{"origin": making.log.origin, "vkey": str(making.log.vkey)}],
        "attesters": [{"name": "officer", "public_key": base64.b64encode(public(2)).decode()}],
    }
    (tmp_path / "trust.json").write_text(json.dumps(trust))
    return tmp_path


def test_verified(bundle, capsys):
    words = ["verify", str(bundle / "b.zip"), "--trust", str(bundle / "trust.json"), "--recipient", "upbit"]
    assert main(words) == 1
    told = capsys.readouterr().out
    assert told.endswith("VERIFIED WITH WARNINGS\n")
    assert "KGA-0f1e2d3c-upbit-0001 of FAKE Trading" in told
    assert main([*words, "--recipient", "binance"]) == 2
    assert capsys.readouterr().out.endswith("FAILED\n")


def test_remembered(bundle, capsys):
    trust = bundle / "trust.json"
    assert main(["verify", str(bundle / "b.zip"), "--trust", str(trust), "--remember", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "VERIFIED WITH WARNINGS"
    assert json.loads(trust.read_text())["last"]["serial"] == 1
    assert main(["verify", str(bundle / "b.zip"), "--trust", str(trust), "--min-serial", "2"]) == 2


def test_first_use(bundle, capsys):
    assert main(["verify", str(bundle / "b.zip"), "--tofu"]) == 1
    told = capsys.readouterr().out
    assert "log key      keyguard/0f1e2d3c4b5a6978+a6d787e4+" in told
    assert "officer key  6a3803d5f059902a" in told


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["b.zip"],
        ["b.zip", "--tofu", "--trust", "t"],
        ["b.zip", "--tofu", "--remember"],
        ["missing.zip", "--tofu"],
        ["b.zip", "--trust", "missing.json"],
        ["b.zip", "--tofu", "--no-such-option"],
    ],
)
def test_wrong_use_has_its_own_status(bundle, words, monkeypatch, capsys):
    monkeypatch.chdir(bundle)
    assert main(["verify", *words]) == 4
    assert capsys.readouterr().err


def test_a_trust_file_that_is_none(bundle, capsys):
    (bundle / "trust.json").write_text('{"firm": "x", "logs": []}')
    assert main(["verify", str(bundle / "b.zip"), "--trust", str(bundle / "trust.json")]) == 4
    assert "attesters" in capsys.readouterr().err


def test_malformed(bundle, capsys):
    (bundle / "b.zip").write_bytes(b"no archive")
    assert main(["verify", str(bundle / "b.zip"), "--trust", str(bundle / "trust.json")]) == 3
    assert "MALFORMED" in capsys.readouterr().out


def test_reconcile(bundle, capsys):
    table = bundle / "keys.csv"
    table.write_text("access_key,scopes,extra\n=FAKE-KEY,read,x\n", encoding="utf-8-sig")
    assert main(["reconcile", str(bundle / "b.zip"), str(table)]) == 1
    lines = capsys.readouterr().out.splitlines()
    unknown = key_fingerprint(bytes(32), "upbit", "=FAKE-KEY")
    assert lines == [
        "kind,key,access_key,register,venue",
        f"not_registered,{unknown},'=FAKE-KEY,,listed",
        f"not_at_venue,{KEY},,active,",
    ]
    assert main(["reconcile", str(bundle / "b.zip"), str(table), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["differences"][0]["kind"] == "not_registered"


@pytest.mark.parametrize("text", ["access_key,created_at\nFAKE,yesterday\n", "other\nx\n", b"\xff\xfe\x00"])
def test_reconcile_with_a_table_that_is_none(bundle, text, capsys):
    table = bundle / "keys.csv"
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["reconcile", str(bundle / "b.zip"), str(table)]) == 4
    assert main(["reconcile", str(table), str(table)]) == 4
    assert capsys.readouterr().out == ""
