"""The rules that hold for a project: ours, its own, and those of its gitleaks configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keyguard.scanner.config import nearest

if TYPE_CHECKING:
    from keyguard.scanner.allowances import Judge
    from keyguard.scanner.config import Config
    from keyguard.scanner.rulebook import Rulebook

GITLEAKS = (".gitleaks.toml", ".gitleaksignore")


def rules(
    book: Rulebook, settings: Config, folder: Path | None
) -> tuple[Rulebook, list[Judge], tuple[str, ...]]:
    """The rules to scan with: ours, the project's own, and those of its gitleaks configuration."""
    if settings.own_rules:
        from keyguard.scanner import own_rules  # noqa: PLC0415 - few projects have any

        book = own_rules.added(book, settings)
    if folder is None or not (files := nearest(folder, GITLEAKS)):
        return book.without(settings.rules_off), [], ()
    from keyguard.scanner import gitleaks_config  # noqa: PLC0415 - nor this

    taken = gitleaks_config.read(files, book)
    return taken.book.without(settings.rules_off), taken.judges, tuple(taken.notes)
