"""What of a source is scanned."""

from typing import NamedTuple

from keyguard.scanner.globs import Globs

MAX_SIZE = 10_000_000


class Selection(NamedTuple):
    """Paths and sizes to scan. `everything`: version control, dependency and cache folders too."""

    include: Globs = Globs(())
    exclude: Globs = Globs(())
    max_size: int = MAX_SIZE
    everything: bool = False

    def wants(self, path: str) -> bool:
        """Whether a file at this path is scanned."""
        return not self.exclude.match(path) and (not self.include or self.include.match(path))
