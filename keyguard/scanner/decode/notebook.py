"""Jupyter notebooks: sources and outputs of all cells as one text, each cell with lines of its own."""

from __future__ import annotations

from typing import Any

from keyguard.scanner.content import Content
from keyguard.scanner.decode import jsontext
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.jsontext import Pairs, String, get, items, strings
from keyguard.scanner.decode.layers import Builder, Layers, Problem


def read(content: Content, _path: str, _budget: Budget) -> Layers:
    """Yield one view; its places are `#cell-1` and `#cell-1-output-1`, counted from 1 as people do."""
    try:
        root = jsontext.parse(content)
    except jsontext.TooComplex as reason:
        yield Problem("", f"not read as a notebook: {reason}")
        return
    builder = Builder(content)
    cells = items(get(root, "cells"))
    for sheet in items(get(root, "worksheets")):  # until 2015
        cells += items(get(sheet, "cells"))
    for number, cell in enumerate(cells, start=1):
        _write(builder, content, f"#cell-{number}", get(cell, "source"), get(cell, "input"))
        for count, output in enumerate(items(get(cell, "outputs")), start=1):
            _write(builder, content, f"#cell-{number}-output-{count}", *_texts(output))
    if builder.size:
        yield builder.view()


def _texts(output: Any) -> list[Any]:
    texts = [get(output, name) for name in ("text", "evalue")]
    data = get(output, "data")
    if isinstance(data, Pairs):
        # Pictures are base64 of megabytes and hold no text.
        texts += [_lines(value) for kind, value in data if not kind.text.startswith("image/")]
    trace = items(get(output, "traceback"))
    return [*texts, *trace]


def _lines(value: Any) -> Any:
    """Text as it is; an object (application/json) as its strings."""
    if not isinstance(value, Pairs):
        return value
    found: list[String] = []
    stack: list[Any] = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, String):
            found.append(one)
        elif isinstance(one, Pairs):
            stack += [part for pair in reversed(one) for part in reversed(pair)]
        elif isinstance(one, list):
            stack += reversed(one)
    return found


def _write(builder: Builder, content: Content, unit: str, *texts: Any) -> None:
    builder.unit(unit)
    for text in texts:
        # Lines of a list bring their own ends; the strings of an object have none, and must not run together.
        for string in strings(text):
            jsontext.write(builder, content, string)
            if not string.text.endswith("\n"):
                builder.glue(b"\n")
