"""What of a source is scanned."""

from __future__ import annotations

from dataclasses import dataclass, field

from keyguard.scanner.globs import Globs

MAX_SIZE = 10_000_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Paths and sizes to scan. `everything`: version control, dependency and cache folders too."""

    include: Globs = field(default_factory=lambda: Globs(()))
    exclude: Globs = field(default_factory=lambda: Globs(()))
    max_size: int = MAX_SIZE
    everything: bool = False

    def wants(self, path: str) -> bool:
        """Whether a file at this path is scanned."""
        return not self.exclude.match(path) and (not self.include or self.include.match(path))
