"""What scanning took."""

from __future__ import annotations

from keyguard.scanner.allowances import Allowance


class Work:
    """What a scan did, in counts. `searched`: bytes of all texts, those decoded of them included."""

    __slots__ = ("allowed", "bytes", "contents", "reasons", "run_bytes", "runs", "searched")

    def __init__(self) -> None:
        self.contents = 0
        self.bytes = 0
        self.searched = 0
        self.runs = 0
        self.run_bytes = 0
        self.allowed = 0
        self.reasons: list[Allowance] = []

    def copy(self) -> Work:
        """The same, to be changed by itself."""
        made = Work()
        for name in self.__slots__:
            setattr(made, name, getattr(self, name))
        return made
