"""Reports in other tools' formats: gitleaks' JSON, tables, SARIF."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import jsonschema
import pytest

from keyguard.scanner.engine import Engine
from keyguard.scanner.reports import csv_report, gitleaks, sarif
from keyguard.scanner.scans import Scan, gather, scan_bytes
from keyguard.scanner.sources import Note, Piece, Unread
from tests.unit.scanner.leaks import bybit, env, pem
from tests.unit.scanner.packing import notebook, zipped

ENGINE = Engine()
KEY, SECRET = bybit()

# The names and kinds of gitleaks v8's report.Finding, in the order its encoder writes them.
GITLEAKS = {
    "RuleID": str, "Description": str, "StartLine": int, "EndLine": int, "StartColumn": int,
    "EndColumn": int, "Match": str, "Secret": str, "File": str, "SymlinkFile": str, "Commit": str,
    "Entropy": float, "Author": str, "Email": str, "Date": str, "Message": str, "Tags": list,
    "Fingerprint": str,
}  # fmt: skip


def scanned(path: str = ".env") -> Scan:
    return scan_bytes(ENGINE, ("\n" + env("bybit", KEY, SECRET) + pem()).encode(), path, 1_000_000)


def test_gitleaks_fields_are_exactly_those() -> None:
    entries = json.loads(gitleaks.render(scanned(), show=False))
    assert [list(entry) for entry in entries] == [list(GITLEAKS)] * 2
    for entry in entries:
        assert all(isinstance(entry[name], kind) for name, kind in GITLEAKS.items())
    pair = entries[0]
    assert (pair["StartLine"], pair["StartColumn"], pair["EndColumn"]) == (3, 18, 18 + len(SECRET) - 1)
    assert pair["Fingerprint"] == ".env:bybit.secret:3"
    assert SECRET not in json.dumps(entries)


def test_gitleaks_with_secrets_shown() -> None:
    entry = json.loads(gitleaks.render(scanned(), show=True))[0]
    assert entry["Secret"] == SECRET
    assert entry["Match"] == f"BYBIT_API_SECRET={SECRET}"


def test_gitleaks_without_findings_is_an_empty_list() -> None:
    assert json.loads(gitleaks.render(Scan((), (), (), ENGINE.work), show=False)) == []


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_no_cell_is_a_formula(name: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_report.render(scanned(name), show=False))))
    assert rows[0] == list(csv_report.COLUMNS)
    for row in rows[1:]:
        assert len(row) == len(rows[0])
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "\t", "\r"))
            assert cell.isprintable()


def test_a_table_hides_the_value_unless_asked() -> None:
    assert SECRET not in csv_report.render(scanned(), show=False)
    assert SECRET in csv_report.render(scanned(), show=True)


def test_every_sarif_rule_helps() -> None:
    rules = json.loads(sarif.render(scanned(), ENGINE.rulebook, show=False))["runs"][0]["tool"]["driver"][
        "rules"
    ]
    for rule in rules:
        assert "keyguard key import" in rule["help"]["text"]
        assert "`keyguard key rotate KEY`" in rule["help"]["markdown"]
        assert 0 <= float(rule["properties"]["security-severity"]) <= 10
        assert "security" in rule["properties"]["tags"]


def test_a_credential_that_stands_everywhere_stays_within_what_code_hosts_take() -> None:
    pair = env("bybit", KEY, SECRET).encode()
    scan = gather(ENGINE, [Piece(f"{number}/.env", pair) for number in range(300)]).scan(ENGINE)
    (result,) = json.loads(sarif.render(scan, ENGINE.rulebook, show=False))["runs"][0]["results"]
    assert len(result["relatedLocations"]) == 100
    assert result["message"]["text"].endswith("; in 200 more places")
    assert [entry["id"] for entry in result["relatedLocations"]] == list(range(1, 101))


def wide() -> Scan:
    """Everything a report can hold: packed and decoded places, history, what was not read, notes."""
    pair = env("bybit", KEY, SECRET).encode()
    supplies = [
        *(Piece("with space/업비트.env", pair), Piece("a\nb\x1b[31m.env", pair), Piece("\udcff.env", pair)),
        *(
            Piece("b.zip", zipped({"conf/.env": pair, "x": pem().encode()})),
            Piece("n.ipynb", notebook(pem())),
        ),
        *(Piece("(commit message)", pair, commit="a" * 40), Piece("h.env", pem(9).encode(), blob="b" * 40)),
        *(
            Piece("~/.env", pair),
            Piece("process 1 (x) environment A", pair),
            Piece("cut.gz", b"\x1f\x8b\x08\0"),
        ),
        *(Unread("locked/", "permission denied"), Note("1 pipe")),
    ]
    return gather(ENGINE, supplies).scan(ENGINE)


@pytest.mark.skipif(
    "SARIF_SCHEMA" not in os.environ, reason="SARIF_SCHEMA names no file of the standard's schema"
)
def test_sarif_against_the_standards_own_schema() -> None:
    """Its licence does not let the schema lie here; docs.oasis-open.org has sarif-schema-2.1.0.json."""
    schema = json.loads(Path(os.environ["SARIF_SCHEMA"]).read_text(encoding="utf-8"))
    for scan in (wide(), scanned(), Scan((), (), (), ENGINE.work)):
        document = json.loads(sarif.render(scan, ENGINE.rulebook, show=False))
        jsonschema.Draft4Validator(schema).validate(document)
