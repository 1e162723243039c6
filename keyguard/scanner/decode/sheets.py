"""Workbooks (xlsx): shared strings and sheets, by expat with entity declarations refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from xml.parsers import expat

from keyguard.scanner.content import Content
from keyguard.scanner.decode import rows
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.layers import Builder, Layers, Problem
from keyguard.scanner.decode.rows import COLUMNS, Cell

_STRINGS = "xl/sharedStrings.xml"
_SHEET = re.compile(r"xl/worksheets/([\w-]{1,60})\.xml\Z")
_TITLES = re.compile(rb'<sheet\b[^>]{0,200}?\bname="([^"]{1,100})"')
_LABELLED = [b"name", b"value"]
_LETTERS = re.compile(r"([A-Z]{1,3})(\d{1,7})\Z")


class _Refused(Exception):
    """The XML declares entities, which no spreadsheet program writes."""


def is_workbook(names: Set[str]) -> bool:
    """Whether a zip with these names is one."""
    return "xl/workbook.xml" in names


def wants(name: str) -> bool:
    """Whether a part of the workbook is needed for its rows."""
    return name in (_STRINGS, "xl/workbook.xml") or _SHEET.match(name) is not None


def views(content: Content, parts: Mapping[str, bytes], budget: Budget) -> Layers:
    """Yield a view for each sheet. Places are `#sheet1!A2`-like: the sheet's file name and the row."""
    try:
        shared = _strings(parts.get(_STRINGS, b""))
    except (expat.ExpatError, _Refused) as error:
        yield Problem("!/" + _STRINGS, f"not read as XML: {error}")
        shared = []
    titles = _TITLES.findall(parts.get("xl/workbook.xml", b""))
    for number, name in enumerate(sorted(n for n in parts if _SHEET.match(n))):
        builder = Builder(content)
        title = titles[number].decode("utf-8", "replace") if number < len(titles) else name
        sheet = _Sheet(builder, title, shared, budget.unpacked)
        try:
            _parse(parts[name], sheet)
        except (expat.ExpatError, _Refused) as error:
            yield Problem("!/" + name, f"not read as XML: {error}")
        if builder.size:
            budget.spend(builder.size)
            yield builder.view()


def _parse(data: bytes, sheet: _Sheet | _Strings) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = sheet.start
    parser.EndElementHandler = sheet.end
    parser.CharacterDataHandler = sheet.text
    parser.Parse(data, True)


def _refuse(*_: object) -> None:
    raise _Refused("it declares entities")


def _strings(data: bytes) -> list[str]:
    strings = _Strings()
    if data:
        _parse(data, strings)
    return strings.found


class _Strings:
    def __init__(self) -> None:
        self.found: list[str] = []
        self._parts: list[str] | None = None

    def start(self, name: str, _attributes: object) -> None:
        if name.endswith(" si"):
            self._parts = []

    def end(self, name: str) -> None:
        if name.endswith(" si"):
            self.found.append("".join(self._parts or ()))
            self._parts = None

    def text(self, text: str) -> None:
        if self._parts is not None:
            self._parts.append(text)


class _Sheet:
    """Writes rows as they end. The first row with text is the header."""

    def __init__(self, builder: Builder, title: str, shared: list[str], room: int) -> None:
        self._builder, self._title, self._shared, self._room = builder, title, shared, room
        self._names: list[bytes] = []
        self._titled = False
        self._row: dict[int, Cell] = {}
        self._number = 0
        self._kind = ""
        self._column = 0
        self._value: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "row":
            number = attributes.get("r", "")
            self._number = int(number) if number.isdigit() and len(number) < 8 else self._number + 1
            self._row, self._column = {}, 0
        elif tag == "c":
            self._kind = attributes.get("t", "")
            place = _LETTERS.match(attributes.get("r", ""))
            self._column = _column(place[1]) if place else self._column + 1
        elif tag in ("v", "t"):
            self._value = self._value or []

    def text(self, text: str) -> None:
        if self._value is not None:
            self._value.append(text)

    def end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "c" and self._value is not None:
            if self._column <= COLUMNS:
                self._row[self._column] = Cell(self._resolved("".join(self._value)).encode())
            self._value = None
        elif tag == "row" and self._row and self._builder.size < self._room:
            cells = [self._row.get(column) for column in range(1, max(self._row) + 1)]
            self._builder.unit(f"#{self._title}/row-{self._number}")
            self._write(cells)

    def _write(self, cells: list[Cell | None]) -> None:
        """Below a title that stands alone in its row, rows of two are names and values."""
        filled = [cell for cell in cells if cell and cell.text]
        if not self._names and len(filled) == 1:
            self._titled = True
            self._builder.add(filled[0].text, 0, 0)
            self._builder.glue(b"\n")
            return
        if len(filled) == 2 and self._titled and self._names in ([], _LABELLED):
            self._names, cells = _LABELLED, [*filled]
        elif not self._names:
            self._names = [cell.text if cell else b"" for cell in cells]
        rows.write(self._builder, self._names, cells)

    def _resolved(self, value: str) -> str:
        if self._kind == "s" and value.isdigit() and len(value) < 9 and int(value) < len(self._shared):
            return self._shared[int(value)]
        return value


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
