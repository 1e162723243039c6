"""Word processors' XML (docx, odt): its text without tags, which split it anywhere."""

from __future__ import annotations

import re

from keyguard.scanner.content import Content
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.layers import Builder, Layers

_TAG = re.compile(rb"<(/?[\w:]{1,40})[^<>]{0,4000}>|&(lt|gt|amp|quot|apos);")
_BREAKS = frozenset({b"/w:p", b"w:br", b"/text:p", b"/text:h", b"text:line-break", b"/w:tr"})
_ENTITIES = {b"lt": b"<", b"gt": b">", b"amp": b"&", b"quot": b'"', b"apos": b"'"}


def read(content: Content, _path: str, _budget: Budget) -> Layers:
    """Yield one view, with lines counted in paragraphs."""
    builder = Builder(content)
    builder.unit("#text")
    at = 0
    for match in _TAG.finditer(content.text):
        if at < match.start():
            builder.copy(at, match.start())
        at = match.end()
        if match[1] in _BREAKS:
            builder.add(b"\n", match.start(), at)
        elif match[2]:
            builder.add(_ENTITIES[match[2]], match.start(), at)
    builder.copy(at, len(content.text))
    yield builder.view()
