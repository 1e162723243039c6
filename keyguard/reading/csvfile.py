"""`register.csv` (KGA/1 §12.3): RFC 4180 with a byte order mark, so that Korean Excel reads it, and with no
cell that a spreadsheet takes for a formula."""

from __future__ import annotations

import re
from datetime import datetime

from keyguard.reading.document import Content
from keyguard.reading.sheets import Sheet, Value, sheets
from keyguard.reading.times import zone_name

_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
_BREAKS = re.compile(r"\r\n|[\r\n\v\f\x85\u2028\u2029]")


def register(content: Content) -> bytes:
    """The register, one row per key."""
    period = content.predicate["period"]
    found = sheets(content.derived, period["tz"], zone_name(period))
    return write(next((one for one in found if one.name == "register"), Sheet("register", (), ())), content)


def write(sheet: Sheet, content: Content) -> bytes:
    """A sheet as bytes."""
    lines = [",".join(_quoted(name) for name in sheet.fields)]
    lines += [",".join(_cell(value, content) for value in row) for row in sheet.rows]
    return b"\xef\xbb\xbf" + "".join(line + "\r\n" for line in lines).encode()


def harmless(text: str) -> str:
    """Text that stays text: an apostrophe before what a spreadsheet would compute, one line."""
    guarded = "'" + text if _FORMULA.match(text) else text
    return _BREAKS.sub(" ", guarded)


def _cell(value: Value, content: Content) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value) if isinstance(value, int) else _quoted(harmless(content.printable(value)))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
