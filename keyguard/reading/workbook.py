"""The workbook (KGA/1 §12.3): every text a text cell, no formula, link, macro or hidden sheet; the same
bytes for the same content."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

from keyguard.core import canonical
from keyguard.core.errors import UsageError
from keyguard.reading.document import Content
from keyguard.reading.sheets import Sheet, Value, sheets
from keyguard.reading.times import period_text, zone_name

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.worksheet import Worksheet

LONGEST = 32_767
"""Characters Excel takes in one cell."""
MOST_ROWS = 1_048_576
_README = "읽어주십시오 Read me"
_WIDTHS = (8, 42)
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def render(content: Content) -> bytes:
    """The finished file; UsageError where the extra `attest` is not installed or a table is too long."""
    try:
        import xlsxwriter
    except ImportError:
        raise UsageError(
            "reading copies need the extra attest",
            code="attest.extra",
            still="nothing was written",
            hint="install keyguard[attest]",
        ) from None
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, _OPTIONS)
    issued = canonical.parse_instant(content.predicate["issued_at"])
    title = content.predicate["attestation_id"]
    book.set_properties({"title": title, "created": issued.replace(tzinfo=None)})
    _readme(book, content)
    period = content.predicate["period"]
    for sheet in sheets(content.derived, period["tz"], zone_name(period)):
        _sheet(book, sheet, content)
    book.close()
    return out.getvalue()


def _readme(book: xlsxwriter.Workbook, content: Content) -> None:
    words, predicate = content.words(), content.predicate
    page = book.add_worksheet(_README)
    bold, wrap = (
        book.add_format({"bold": True, "font_size": 14}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    page.set_column(0, 0, 34, wrap)
    page.set_column(1, 1, 90, wrap)
    titles = [words.book["title"][lang] for lang in words.order]
    _text(page, 0, 0, " · ".join(titles), bold)
    rows = [
        ("id", predicate["attestation_id"]),
        ("firm", f"{predicate['firm']['name_local']} · {predicate['firm']['name_latin']}"),
        ("recipient", predicate["recipient"]["name"]),
        ("period", period_text(predicate["period"])),
        ("statement_sha256", content.statement_sha256),
    ]
    for at, (name, value) in enumerate(rows, 2):
        _text(page, at, 0, " · ".join(one["text"] for one in words.pair("labels", name)), wrap)
        _text(page, at, 1, content.printable(value), wrap)
    for at, one in enumerate([*words.pair("texts", "xlsx_note"), *words.pair("texts", "withheld_word")], 8):
        _text(page, at, 1, one["text"], wrap)


def _sheet(book: xlsxwriter.Workbook, sheet: Sheet, content: Content) -> None:
    if len(sheet.rows) >= MOST_ROWS:
        raise UsageError(
            f"the table {sheet.name} has {len(sheet.rows):,} rows, more than a workbook holds",
            code="attest.rows",
            hint="choose a shorter period",
        )
    page = book.add_worksheet(sheet.name)
    head = book.add_format({"bold": True, "bg_color": "#EEF1F5", "bottom": 1})
    instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    longest = [len(name) + 4 for name in sheet.fields]
    for column, name in enumerate(sheet.fields):
        _text(page, 0, column, name, head)
    for number, row in enumerate(sheet.rows, 1):
        for column, value in enumerate(row):
            longest[column] = max(longest[column], _put(page, number, column, value, instant, content))
    page.freeze_panes(1, 1)
    if sheet.fields:
        page.autofilter(0, 0, len(sheet.rows), len(sheet.fields) - 1)
    for column, width in enumerate(longest):
        page.set_column(column, column, min(max(width, _WIDTHS[0]), _WIDTHS[1]))


def _put(page: Worksheet, row: int, column: int, value: Value, instant: Any, content: Content) -> int:
    """Write one cell; its width in characters."""
    if value is None:
        return 0
    if isinstance(value, datetime):
        page.write_datetime(row, column, value, instant)
        return 20
    if isinstance(value, int):
        page.write_number(row, column, value)
        return len(str(value))
    text = content.printable(value)
    _text(page, row, column, text)
    return len(text)


def _text(page: Worksheet, row: int, column: int, text: str, form: Any = None) -> None:
    """A text cell, whatever the text looks like. What Excel cannot hold is cut, and says so."""
    if len(text) > LONGEST:
        text = text[: LONGEST - 24] + f" … ({len(text):,} characters)"
    page.write_string(row, column, text, form)
