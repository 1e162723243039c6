"""Writes the manual page, keyguard.1, into the folder that is named: `python packaging/man.py dist`."""

from __future__ import annotations

import sys
from pathlib import Path

from build_manpages.manpage import Manpage

from keyguard.cli.whole import parser

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
(folder / "keyguard.1").write_text(f"{Manpage(parser())}\n", encoding="utf-8")
