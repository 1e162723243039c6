"""What a push sends, as the pre-commit framework tells its hooks of the stage pre-push.

Facts: https://pre-commit.com/#pre-push and pre_commit/commands/hook_impl.py of 4.7.0 (read 2026-11-21).
"""

from __future__ import annotations

import os

from keyguard.core.errors import UsageError

_NOTHING = "0" * 40


def commits() -> str:
    """The range A..B of the push. A branch that begins at a root commit has no A: all of it is sent.

    UsageError `scan.pushed` where the framework has set neither range nor branch.
    """
    old, new = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    if old and new:
        return f"{old}..{new}"
    if branch := os.environ.get("PRE_COMMIT_LOCAL_BRANCH"):
        return f"{_NOTHING}..{branch}"
    raise UsageError(
        "--pushed is for hooks of the pre-commit framework, which names what is pushed",
        code="scan.pushed",
        hint="keyguard scan --range origin/main..HEAD",
    )
