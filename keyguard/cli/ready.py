"""Command lines that hooks run many times a day, parsed already.

To load argparse and to declare thirty options takes as long as to scan a small commit. A test compares
each with what the parser makes of the same words.
"""

from __future__ import annotations

from typing import Any

_SCAN: dict[str, Any] = {
    **dict.fromkeys(
        ("home", "passphrase_file", "range", "format", "output", "baseline", "write_baseline", "max_size")
    ),
    **dict.fromkeys(("json", "staged", "history", "env", "stdin", "unreachable", "known", "verify"), False),
    **dict.fromkeys(("verify_nonces", "show_secrets", "all", "no_inline_allow", "pushed"), False),
    "paths": [],
    "path": "(stdin)",
    "include": [],
    "exclude": [],
}
READY: dict[tuple[str, ...], dict[str, Any]] = {("scan", "--staged"): {**_SCAN, "staged": True}}
"""Words -> the arguments they mean. None of these commands opens a store."""
