"""HAR: what a browser said to servers. Headers, cookies and parameters become `name: value` lines."""

from __future__ import annotations

from typing import Any

from keyguard.scanner.content import Content
from keyguard.scanner.decode import jsontext
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.jsontext import String, get, items
from keyguard.scanner.decode.layers import Builder, Layers, Problem

_LISTS = ("headers", "cookies", "queryString")


def read(content: Content, _path: str, _budget: Budget) -> Layers:
    """Yield one view with places `#entry-1/request` and `#entry-1/response`."""
    try:
        root = jsontext.parse(content)
    except jsontext.TooComplex as reason:
        yield Problem("", f"not read as HAR: {reason}")
        return
    builder = Builder(content)
    for number, entry in enumerate(items(get(root, "log", "entries")), start=1):
        for side, body in (("request", "postData"), ("response", "content")):
            message = get(entry, side)
            builder.unit(f"#entry-{number}/{side}")
            _line(builder, content, get(message, "url"))
            for name in _LISTS:
                _named(builder, content, get(message, name))
            _named(builder, content, get(message, body, "params"))
            _line(builder, content, get(message, body, "text"))
    if builder.size:
        yield builder.view()


def _named(builder: Builder, content: Content, pairs: Any) -> None:
    for pair in items(pairs):
        name, value = get(pair, "name"), get(pair, "value")
        if isinstance(name, String) and isinstance(value, String):
            jsontext.write(builder, content, name)
            builder.glue(b": ")
            jsontext.write(builder, content, value)
            builder.glue(b"\n")


def _line(builder: Builder, content: Content, text: Any) -> None:
    if isinstance(text, String):
        jsontext.write(builder, content, text)
        builder.glue(b"\n")
