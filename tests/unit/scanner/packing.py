"""Builds the files that scanners meet, in memory."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
import tarfile
import zipfile
import zlib
from typing import Any
from xml.sax.saxutils import escape


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w", style: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar; `mode` as tarfile has it ("w:gz")."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=style) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def notebook(*cells: str, outputs: list[dict[str, Any]] | None = None) -> bytes:
    """A Jupyter notebook of code cells; the outputs belong to the last."""
    made = [
        {"cell_type": "code", "metadata": {}, "source": cell.splitlines(keepends=True), "outputs": []}
        for cell in cells
    ]
    if outputs:
        made[-1]["outputs"] = outputs
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


def b64(text: str | bytes) -> str:
    """Standard base64."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def secret_manifest(**values: str) -> str:
    """A Kubernetes Secret."""
    data = "".join(f"  {name}: {b64(value)}\n" for name, value in values.items())
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: trading\ntype: Opaque\ndata:\n{data}"


def database(*statements: tuple[str, tuple[Any, ...]], wal: bool = False) -> bytes:
    """A SQLite file."""
    with sqlite3.connect(":memory:") as connection:
        for statement, values in statements:
            connection.execute(statement, values)
        connection.commit()
        data = bytearray(connection.serialize())
    connection.close()
    if wal:
        data[18:20] = b"\x02\x02"
    return bytes(data)


def workbook(rows: list[list[str]], title: str = "Sheet1", *, prolog: str = "") -> bytes:
    """An xlsx with shared strings, as spreadsheet programs write it."""
    strings = sorted({cell for row in rows for cell in row})
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    body = "".join(
        f'<row r="{n}">'
        + "".join(
            f'<c r="{chr(65 + i)}{n}" t="s"><v>{strings.index(cell)}</v></c>' for i, cell in enumerate(row)
        )
        + "</row>"
        for n, row in enumerate(rows, start=1)
    )
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
    book = f'<workbook {main}><sheets><sheet name="{title}" sheetId="1"/></sheets></workbook>'
    sheet = f"<worksheet {main}><sheetData>{body}</sheetData></worksheet>"
    parts = {
        "xl/workbook.xml": book,
        "xl/sharedStrings.xml": f"{prolog}<sst {main}>{shared}</sst>",
        "xl/worksheets/sheet1.xml": sheet,
    }
    return zipped({name: text.encode() for name, text in parts.items()})


def pdf(*lines: str) -> bytes:
    """A PDF with one deflated page of text."""
    text = "BT /F1 12 Tf 72 720 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    stream = zlib.compress(text.encode())
    head = f"4 0 obj\n<< /Length {len(stream)} /Filter /FlateDecode >>\n".encode()
    return b"%PDF-1.4\n" + head + b"stream\n" + stream + b"\nendstream\nendobj\n%%EOF\n"
