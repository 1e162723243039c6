"""Notebooks, HAR, tables, workbooks, databases, documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyguard.scanner.engine import Engine, Examined
from keyguard.scanner.findings import Finding
from tests.unit.scanner.leaks import bybit, deribit, env, upbit
from tests.unit.scanner.packing import b64, database, notebook, pdf, workbook, zipped

ENGINE = Engine()


def examine(data: str | bytes, path: str) -> Examined:
    return ENGINE.examine(data.encode() if isinstance(data, str) else data, path)


def values(findings: tuple[Finding, ...]) -> list[dict[str, str]]:
    return [{p.field: p.value.reveal() for p in finding.parts} for finding in findings]


def where(finding: Finding) -> list[tuple[str, int]]:
    return [(part.place.path, part.place.line) for part in finding.parts]


def test_a_pair_in_two_cells_of_a_notebook() -> None:
    key, secret = bybit(61)
    data = notebook(
        "from pybit.unified_trading import HTTP", f"# first\nAPI_KEY = '{key}'", f'API_SECRET = "{secret}"'
    )
    (finding,) = examine(data, "nb.ipynb").findings
    assert values((finding,)) == [{"secret": secret, "key": key}]
    assert where(finding) == [("nb.ipynb#cell-3", 1), ("nb.ipynb#cell-2", 2)]
    for part in finding.parts:
        assert data[part.place.start : part.place.end].decode() == part.value.reveal()
    assert finding.parts[1].place.column == len("API_KEY = '") + 1


def test_outputs_of_a_notebook() -> None:
    key, secret = bybit(62)
    text = f"\x1b[31mbybit_api_key\x1b[0m='{key}'\nbybit_api_secret='{secret}'\n"
    outputs: list[dict[str, Any]] = [
        {"output_type": "stream", "text": "ready\n"},
        {"output_type": "error", "ename": "E", "evalue": "x", "traceback": text.splitlines()},
    ]
    (finding,) = examine(notebook("run()", outputs=outputs), "nb.ipynb").findings
    assert {place for place, _ in where(finding)} == {"nb.ipynb#cell-1-output-2"}


def test_an_output_of_json_and_an_encoded_value_in_a_cell() -> None:
    key, secret = bybit(63)
    outputs = [{"data": {"application/json": {"bybit_api_key": key, "bybit_api_secret": secret}}}]
    assert values(examine(notebook("x", outputs=outputs), "nb.ipynb").findings) == [
        {"secret": secret, "key": key}
    ]
    cell = f"import base64\nx = base64.b64decode('{b64(env('bybit', key, secret))}')"
    (finding,) = examine(notebook("", cell), "nb.ipynb").findings
    assert where(finding) == [("nb.ipynb#cell-2", 2)] * 2


def test_har_headers_and_bodies() -> None:
    client, secret = deribit(64)
    body = json.dumps({"method": "public/auth", "params": {"client_id": client, "client_secret": secret}})
    key, _ = bybit(65)
    entries = [
        {"request": {"url": "https://www.deribit.com/api/v2", "headers": [], "postData": {"text": body}}},
        {"request": {"url": "https://api.bybit.com", "headers": [{"name": "X-BAPI-API-KEY", "value": key}]}},
    ]
    found = examine(json.dumps({"log": {"entries": entries}}), "trace.har").findings
    assert values(found) == [{"secret": secret, "key": client}, {"key": key}]
    assert found[0].parts[0].place.path == "trace.har#entry-1/request"
    assert found[1].parts[0].place.path == "trace.har#entry-2/request"


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_header_of_a_table_names_its_values(mark: str) -> None:
    key, secret = bybit(66)
    lines = [("desk", "exchange", "api_key", "api_secret"), ('a, "b"', "bybit", key, secret)]
    text = "\n".join(mark.join(f'"{v.replace(chr(34), chr(34) * 2)}"' for v in line) for line in lines)
    (finding,) = examine(text, "keys.csv").findings
    assert values((finding,)) == [{"secret": secret, "key": key}]
    assert where(finding) == [("keys.csv", 2)] * 2
    place = finding.parts[0].place
    assert text[place.start : place.end] == secret


def test_each_row_of_a_table_has_its_own_venue() -> None:
    rows = [("bybit", *bybit(67)), ("upbit", *upbit(68)), ("deribit", *deribit(69))]
    text = "exchange,api_key,api_secret\n" + "".join(",".join(row) + "\r\n" for row in rows)
    found = {f.venue: values((f,))[0]["secret"] for f in examine(text, "keys.csv").findings}
    assert found == {venue: secret for venue, _, secret in rows}


def test_workbook_rows() -> None:
    key, secret = bybit(70)
    data = workbook([["exchange", "api_key", "api_secret"], ["bybit", key, secret]], "Keys & co"[:4])
    (finding,) = examine(data, "keys.xlsx").findings
    assert values((finding,)) == [{"secret": secret, "key": key}]
    assert {path for path, _ in where(finding)} == {"keys.xlsx#Keys/row-2"}


def test_workbook_of_names_and_values_without_a_header() -> None:
    key, secret = bybit(71)
    data = workbook([["BYBIT_API_KEY", key], ["BYBIT_API_SECRET", secret]])
    assert values(examine(data, "keys.xlsx").findings) == [{"secret": secret, "key": key}]


def test_workbook_with_a_title_above_names_and_values() -> None:
    key, secret = bybit(73)
    data = workbook([["Bybit API"], ["Account", "main"], ["API Key", key], ["API Secret", secret]])
    assert values(examine(data, "keys.xlsx").findings) == [{"secret": secret, "key": key}]


@pytest.mark.parametrize("wal", [False, True])
def test_rows_of_a_database(wal: bool) -> None:
    key, secret = bybit(72)
    data = database(
        ("CREATE TABLE accounts (id INTEGER, exchange TEXT, api_key TEXT, api_secret BLOB)", ()),
        ("INSERT INTO accounts VALUES (1, 'none', 'x', 'y')", ()),
        ("INSERT INTO accounts VALUES (2, 'bybit', ?, ?)", (key, secret.encode())),
        wal=wal,
    )
    (finding,) = examine(data, "bot.db").findings
    assert values((finding,)) == [{"secret": secret, "key": key}]
    assert {path for path, _ in where(finding)} == {"bot.db#accounts/2"}
    for part in finding.parts:
        assert data[part.place.start : part.place.end].decode() == part.value.reveal()


def test_settings_in_a_database() -> None:
    key, secret = bybit(73)
    data = database(
        ('CREATE TABLE "my ""settings" (name TEXT, value TEXT)', ()),
        ('INSERT INTO "my ""settings" VALUES (?, ?)', ("BYBIT_API_KEY", key)),
        ('INSERT INTO "my ""settings" VALUES (?, ?)', ("BYBIT_API_SECRET", secret)),
    )
    assert values(examine(data, "x.sqlite").findings) == [{"secret": secret, "key": key}]


def test_no_expression_of_a_database_is_computed() -> None:
    key, secret = bybit(78)
    data = database(
        ("CREATE TABLE a (k TEXT, v TEXT, bomb AS (abs(-9223372036854775808)))", ()),
        ("CREATE VIEW b AS SELECT abs(-9223372036854775808)", ()),
        ("CREATE TABLE c (bybit_api_key TEXT, bybit_api_secret TEXT)", ()),
        ("INSERT INTO c VALUES (?, ?)", (key, secret)),
    )
    found = examine(data, "a.db")
    assert values(found.findings) == [{"secret": secret, "key": key}]
    assert not found.unread


def test_a_database_that_is_damaged_or_never_ends_is_said() -> None:
    data = database(("CREATE TABLE a (b TEXT)", ()), *[("INSERT INTO a VALUES (?)", ("x" * 900,))] * 60)
    broken = data[:4096] + b"\xff" * 8192 + data[12288:]
    assert [u.path for u in examine(broken, "a.db").unread] == ["a.db"]
    assert [u.path for u in examine(data[:300], "a.db").unread] == ["a.db"]


def test_a_document_splits_its_text_anywhere() -> None:
    key, secret = bybit(74)
    split = "</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>"
    lines = (f"BYBIT_API_{split}KEY={key}", f"BYBIT_API_SECRET={secret[:9]}{split}{secret[9:]}")
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    found = examine(zipped({"word/document.xml": body.encode()}), "notes.docx").findings
    assert values(found) == [{"secret": secret, "key": key}]
    assert found[0].parts[0].place.path == "notes.docx!/word/document.xml#text"
    assert found[0].parts[0].place.line == 2


def test_text_of_a_pdf() -> None:
    key, secret = bybit(75)
    (finding,) = examine(pdf(f"BYBIT_API_KEY={key}", f"BYBIT_API_SECRET={secret}"), "doc.pdf").findings
    assert values((finding,)) == [{"secret": secret, "key": key}]
    assert {path for path, _ in where(finding)} == {"doc.pdf#stream-1"}


@pytest.mark.parametrize("name", ["a.ipynb", "a.har"])
@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000, "{", '{"a": "\\x"}', "[1," * 600_000]
)
def test_json_that_is_broken_deep_or_huge_is_said(name: str, text: str) -> None:
    (unread,) = examine(text, name).unread
    assert unread.path == name


def test_deep_json_of_another_shape_brings_nothing() -> None:
    assert not examine('{"cells": {"a": [1, {"source": 3}]}, "log": []}', "a.ipynb").unread
    assert not examine('{"log": {"entries": [1, {"request": [2]}]}}', "a.har").unread


def test_a_secret_found_raw_and_decoded_is_one_finding() -> None:
    key, secret = bybit(76)
    cell = f"BYBIT_API_KEY = '{key}'\nBYBIT_API_SECRET = '{secret}'"
    (finding,) = examine(notebook(cell), "nb.ipynb").findings
    assert not finding.seen


FILES = [
    (notebook("a = 1", env("bybit", *bybit(77))), "a.ipynb"),
    (database(("CREATE TABLE a (b TEXT)", ()), ("INSERT INTO a VALUES ('bybit')", ())), "a.db"),
    (workbook([["a", "b"], ["c", "d"]]), "a.xlsx"),
    (pdf("bybit", "x"), "a.pdf"),
    (b"exchange,api_key\nbybit,x\n", "a.csv"),
    (b'{"log": {"entries": [{"request": {"url": "x", "headers": []}}]}}', "a.har"),
]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(FILES), st.data())
def test_damage_never_raises(whole: tuple[bytes, str], draw: st.DataObject) -> None:
    data = bytearray(whole[0])
    for _ in range(draw.draw(st.integers(0, 6))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    examine(bytes(data[: draw.draw(st.integers(0, len(data)))]), whole[1])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([name for _, name in FILES]), st.binary(max_size=200))
def test_rubbish_by_any_name_never_raises(name: str, data: bytes) -> None:
    examine(data, name)
