"""What can be made to go wrong, and for which calls."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class FaultKind(enum.Enum):
    """How a call goes wrong. "After" means the effect at the venue has happened, "before" that it has not."""

    TIMEOUT_BEFORE = "timeout_before"  # connection held, then closed without a reply
    TIMEOUT_AFTER = "timeout_after"
    ERROR_BEFORE = "error_before"  # an HTML page with `status`, as a proxy in front of a venue sends
    ERROR_AFTER = "error_after"
    RATE_LIMITED = "rate_limited"  # the venue's own refusal, no effect
    BLOCKED = "blocked"  # the harder refusal that follows when a client does not slow down, no effect
    WRONG_CLOCK = "wrong_clock"  # the venue's clock is off by `offset_ms` for this call
    MALFORMED = "malformed"  # the effect happens, the reply's JSON is cut in half
    SECOND_FACTOR = "second_factor"  # the venue demands a one-time code (Deribit only)
    REDIRECT = "redirect"  # 302 to `location`, no effect


@dataclass
class FaultRule:
    """One fault for the calls of one operation.

    `operation` is the path, or the JSON-RPC method at Deribit; "" is any. The rule lets `skip` calls
    pass, then strikes `times` times (0: for ever). `hold_ms` is how long a time-out keeps the
    connection open before it is closed.
    """

    kind: FaultKind
    operation: str = ""
    times: int = 1
    skip: int = 0
    hold_ms: int = 0
    status: int = 502
    offset_ms: int = 0
    location: str = "http://127.0.0.1:9/"


@dataclass
class Faults:
    """The rules in force, oldest first; a call meets the first rule that fits it."""

    rules: list[FaultRule] = field(default_factory=list)

    def add(self, rule: FaultRule) -> None:
        """Put `rule` in force."""
        self.rules.append(rule)

    def clear(self) -> None:
        """Lift every rule."""
        self.rules.clear()

    def strike(self, operation: str) -> FaultRule | None:
        """Return the rule this call falls under, counting it; None when the call goes well."""
        for rule in self.rules:
            if rule.operation not in ("", operation):
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            if rule.times == 1:
                self.rules.remove(rule)
            elif rule.times:
                rule.times -= 1
            return rule
        return None
