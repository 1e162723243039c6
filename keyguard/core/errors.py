"""Every exception of keyguard, grouped by what a person does next.

KeyguardError            .code  .still  .hint  .exit_status
├─ UsageError       2    fix the command or configuration
│  └─ NotOffered         the venue cannot do it by API; here is the page that can
├─ StoreError       3    unlock or repair the keyring, vault file or database
│  └─ NotStored          no item of that name
├─ ExchangeError    4
│  ├─ Unreachable        no answer, and nothing can have changed at the venue
│  ├─ Refused            the venue said no; .fault says why
│  └─ BadReply           the answer's format is not the documented one
├─ OutcomeUnknown   5    a change may have happened; resume asks the venue, never repeats
├─ IntegrityError   6    evidence does not match; stop
└─ DaemonError      7    not running, other version, other user

Messages are lower case without a full stop: what happened. `still` says what is still true, `hint` what
to do. None of them ever holds a secret, a header or a response body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from keyguard.core.exchange import Fault


class KeyguardError(Exception):
    """Something a person must know: what happened, what is still true, what to do.

    `code` is a stable dotted name for scripts (`store.locked`); `exit_status` the status of the command.
    """

    exit_status: ClassVar[int] = 70

    def __init__(self, message: str, *, code: str, still: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.still = still
        self.hint = hint


class UsageError(KeyguardError):
    """The command or the configuration is wrong; nothing was changed."""

    exit_status = 2


class NotOffered(UsageError):
    """The venue offers no call for this; the hint names the page where a person can do it."""


class StoreError(KeyguardError):
    """The keyring, vault file or database is locked, missing, full, foreign or damaged."""

    exit_status = 3


class NotStored(StoreError):
    """The secret store holds no item of this name."""


class ExchangeError(KeyguardError):
    """The venue refused or could not be reached; nothing changed there."""

    exit_status = 4


class Unreachable(ExchangeError):
    """No answer, and nothing can have changed at the venue: not sent, or a request without effect."""


class Refused(ExchangeError):
    """The venue understood and said no; `fault` is the reason, `venue_code` the venue's own code."""

    def __init__(
        self,
        message: str,
        *,
        fault: Fault,
        venue_code: str = "",
        http_status: int = 0,
        still: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, code=f"exchange.{fault.value}", still=still, hint=hint)
        self.fault = fault
        self.venue_code = venue_code
        self.http_status = http_status


class BadReply(ExchangeError):
    """The venue's answer does not have the documented format."""


class OutcomeUnknown(KeyguardError):
    """A change may or may not have happened at the venue; resuming asks it before doing anything."""

    exit_status = 5


class IntegrityError(KeyguardError):
    """Evidence does not match: an altered record, a foreign reply, a broken chain."""

    exit_status = 6


class DaemonError(KeyguardError):
    """The daemon is not running, of another version or of another user."""

    exit_status = 7
