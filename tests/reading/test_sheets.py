"""CSV and workbook: no cell is ever a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import openpyxl
import pytest

from keyguard.reading import csvfile, workbook
from tests.reading.contents import content, with_keys

FORMULAS = [
    "=1+1",
    "+cmd",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    '=HYPERLINK("http://x.invalid","y")',
    "   =1+1",
    "＠x",
]


def rows_of(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_compute_stays_text(text):
    made = content()
    made.derived["register"][0]["purpose"] = text
    (row,) = rows_of(csvfile.register(made))
    assert row["purpose"] == "'" + " ".join(text.split())
    book = openpyxl.load_workbook(io.BytesIO(workbook.render(made)))
    cells = [cell for page in book for line in page.iter_rows() for cell in line]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert any(cell.value == " ".join(text.split()) and cell.data_type == "s" for cell in cells)


def test_csv_keeps_numbers_and_instants_as_such():
    (row,) = rows_of(csvfile.register(content()))
    assert row["handouts"] == "8"
    assert (row["created_at_kst"], row["created_at"]) == (
        "2026-07-01 09:00:00",
        "2026-07-01T00:00:00.000000Z",
    )
    assert row["key"] == "5a" * 32
    assert csvfile.register(content()).count(b"\r\n") == 2


def test_a_line_break_within_a_cell_becomes_a_space():
    assert csvfile.harmless("a\r\nb\u2028c") == "a b c"


def test_the_workbook_has_a_sheet_for_each_table_and_nothing_that_acts():
    data = workbook.render(with_keys(12))
    assert data == workbook.render(with_keys(12))
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        names = parts.namelist()
        text = "".join(parts.read(name).decode("utf-8", "replace") for name in names)
    assert not re.search("<f>|<f |vbaProject|externalLink|<hyperlink|state=.hidden", text + " ".join(names))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames[:3] == ["읽어주십시오 Read me", "register", "people"]
    register = book["register"]
    assert register.freeze_panes == "B2" and register.auto_filter.ref
    assert register["A2"].data_type == "s"
    assert {cell.data_type for cell in register[2]} >= {"s", "n", "d"}


def test_an_auditor_gets_the_rows_of_all_venues():
    derived = {"venues": {"bybit": content().derived, "upbit": content().derived}, "persons": []}
    rows = rows_of(csvfile.register(content(derived=derived)))
    assert [row["at_venue"] for row in rows] == ["bybit", "upbit"]


def test_a_cell_longer_than_excel_takes_is_cut_and_says_so():
    made = content()
    made.derived["register"][0]["purpose"] = "x" * 40_000
    book = openpyxl.load_workbook(io.BytesIO(workbook.render(made)))
    texts = [cell.value for cell in book["register"][2] if isinstance(cell.value, str)]
    assert any(len(one) <= workbook.LONGEST and one.endswith("(40,000 characters)") for one in texts)
