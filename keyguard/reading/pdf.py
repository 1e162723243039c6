"""The PDF: typst sets the document, as PDF/A-2a and PDF/UA-1, with the fonts shipped here and no others.

Nothing of the text is markup: the template reads it from a file of JSON. The same content gives the same
bytes; the time in the file is that of issue.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from keyguard.core import canonical
from keyguard.core.errors import UsageError
from keyguard.reading import document, fonts
from keyguard.reading.document import Content


def render(content: Content) -> bytes:
    """The finished file; UsageError where the extra `attest` is not installed."""
    return _set(document.build(content), content.predicate["issued_at"])


def _set(made: dict[str, Any], issued_at: str) -> bytes:
    try:
        import typst
    except ImportError:
        raise UsageError(
            "reading copies need the extra attest",
            code="attest.extra",
            still="nothing was written",
            hint="install keyguard[attest]",
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("attestation.typ", fonts.REGULAR, fonts.BOLD):
            (root / name).write_bytes(fonts.read(name))
        (root / "document.json").write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
        return typst.compile(
            root / "attestation.typ",
            root=root,
            font_paths=[root],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["a-2a", "ua-1"],
            timestamp=canonical.parse_instant(issued_at).replace(microsecond=0),
        )
