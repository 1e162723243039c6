"""What scanning took."""

from __future__ import annotations

from dataclasses import dataclass, field

from keyguard.scanner.allowances import Allowance


@dataclass(slots=True)
class Work:
    """What a scan did, in counts. `searched`: bytes of all texts, those decoded of them included."""

    contents: int = 0
    bytes: int = 0
    searched: int = 0
    runs: int = 0
    run_bytes: int = 0
    allowed: int = 0
    reasons: list[Allowance] = field(default_factory=list)
