"""What became of one attempt, and what that means for the caller. Pure.

Once a request with an effect has left, silence, a broken answer, an unreadable one and the venue's own
"server error" all leave it open whether the effect happened: OutcomeUnknown. Without an effect the same
events cost nothing: Unreachable, BadReply or Refused.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime

from keyguard.core.errors import BadReply, KeyguardError, OutcomeUnknown, Refused, Unreachable
from keyguard.core.exchange import Adapter, Effect, Fault, Reply, Request


class Loss(enum.Enum):
    """Why there is no answer to judge. The value completes a sentence that begins with the venue's name."""

    UNCONNECTED = "cannot be reached"
    UNTRUSTED = "offered no TLS connection that can be trusted"
    PROXY = "cannot be reached through the configured proxy"
    SILENT = "did not answer in time"
    CUT_OFF = "broke off before its answer was complete"
    REDIRECTED = "answered with a redirect"
    OVERSIZED = "sent an answer larger than any documented one"
    ENCODED = "compressed its answer although asked not to"
    UNREADABLE = "sent an answer that is not in the documented format"


NOT_SENT = frozenset({Loss.UNCONNECTED, Loss.UNTRUSTED, Loss.PROXY})
"""The venue has seen nothing of the request."""

NO_ANSWER = frozenset({Loss.SILENT, Loss.CUT_OFF})
"""The request may have arrived; the others, beyond these two sets, are answers out of bounds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole reply, with the instants on our clock between which the venue made it."""

    reply: Reply
    sent: datetime
    received: datetime


Attempt = Answer | Loss

_BRINGS_SECRET = frozenset({Effect.KEY_CREATED, Effect.SECRET_RESET})

# A server that gave up waiting for the request says 408; how much of it was read, nobody knows.
_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500

_WORDS = {
    Fault.KEY_UNKNOWN: ("key unknown", "the key may be deleted, mistyped or of another environment"),
    Fault.KEY_EXPIRED: ("key expired", "issue a new key"),
    Fault.KEY_DISABLED: ("key disabled", "enable it on the venue's page, or issue a new key"),
    Fault.SIGNATURE: ("wrong signature", "the secret does not belong to this key"),
    Fault.SCOPE: ("permission missing", "the key lacks the permission for this call"),
    Fault.IP: ("address not allowed", "this machine's address is not on the key's IP list"),
    Fault.CLOCK: (
        "timestamp out of range",
        "set this machine's clock; `keyguard doctor` shows the difference",
    ),
    Fault.NONCE: ("nonce not accepted", "another program may be using the same key"),
    Fault.RATE: ("too many requests", "wait a minute, then try again"),
    Fault.SECOND_FACTOR: ("second factor needed", "run the command in a terminal and have the code ready"),
    Fault.LIMIT: ("limit reached", "the account holds as many keys or addresses as it may"),
    Fault.NOT_FOUND: ("not found", "what the call is about does not exist at the venue"),
    Fault.REGION: ("region blocked", "the venue does not serve this machine's region"),
    Fault.BUSY: ("out of service", "try again later"),
    Fault.AMBIGUOUS: ("key, signature or address not accepted", "the venue does not say which"),
    Fault.OTHER: ("another reason", "look the code up in the venue's documentation"),
}


def judge(adapter: Adapter, request: Request, attempt: Attempt) -> Reply | KeyguardError:
    """Return the reply where it is no refusal, else the error to raise or to retry upon.

    An unreadable answer that may hold the only copy of a new secret is returned too: the caller seals it
    into the journal before the operation fails to parse it.
    """
    effect = request.effect is not Effect.NONE
    if isinstance(attempt, Loss):
        return _lost(adapter, attempt, effect=effect)
    refusal = _refusal(adapter, attempt.reply)
    if isinstance(refusal, Loss):
        if request.effect in _BRINGS_SECRET:
            return attempt.reply
        return _lost(adapter, refusal, effect=effect)
    if refusal is None:
        return attempt.reply
    fault, code = refusal
    error = _refused(adapter, fault, code, attempt.reply.status)
    if effect and proves_nothing(fault, attempt.reply.status):
        return _unknown(adapter, error.message)
    return error


def proves_nothing(fault: Fault, status: int) -> bool:
    """Whether a venue can answer so after it did what was asked: server errors, and time-outs inside it."""
    return fault is Fault.BUSY or status >= _SERVER_ERROR or status == _REQUEST_TIMEOUT


def _refusal(adapter: Adapter, reply: Reply) -> tuple[Fault, str] | Loss | None:
    """Ask the adapter, and the status where the adapter is silent or cannot read the body."""
    by_status = _by_status(reply.status)
    try:
        return adapter.fault(reply) or by_status
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError):
        # Typically a load balancer's HTML page in place of the venue's JSON.
        return by_status or Loss.UNREADABLE


def _by_status(status: int) -> tuple[Fault, str] | None:
    code = f"http-{status}"
    if status >= _SERVER_ERROR:
        return Fault.BUSY, code
    if status == _TOO_MANY_REQUESTS:
        return Fault.RATE, code
    return (Fault.OTHER, code) if status >= 400 else None


def _refused(adapter: Adapter, fault: Fault, code: str, status: int) -> Refused:
    words, hint = _WORDS[fault]
    shown = safe_code(code)
    return Refused(
        f"{adapter.facts.name} refused: {words}" + (f" ({shown})" if shown else ""),
        fault=fault,
        venue_code=shown,
        http_status=status,
        still="nothing was changed there",
        hint=hint,
    )


def safe_code(code: str) -> str:
    """Shorten a venue's code to harmless characters: it is text from outside that will be displayed."""
    return re.sub(r"[^A-Za-z0-9_.:-]", "?", code[:40])


def _lost(adapter: Adapter, loss: Loss, *, effect: bool) -> KeyguardError:
    message = f"{adapter.facts.name} {loss.value}"
    if loss in NOT_SENT:
        hint = "check the network connection"
        if loss is Loss.UNTRUSTED:
            hint = "something between this machine and the venue may be intercepting TLS"
        return Unreachable(message, code=f"exchange.{loss.name.lower()}", still="nothing was sent", hint=hint)
    if effect:
        return _unknown(adapter, message)
    still = "nothing was changed; the request only asked"
    if loss in NO_ANSWER:
        return Unreachable(message, code=f"exchange.{loss.name.lower()}", still=still, hint="try again later")
    return BadReply(
        message,
        code="exchange.bad_reply",
        still=still,
        hint="the venue may have changed its API, or something stands between it and this machine",
    )


def _unknown(adapter: Adapter, message: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        message,
        code="exchange.outcome_unknown",
        still=f"the change may or may not have been made at {adapter.facts.name}",
        hint="resuming asks the venue before anything is sent again",
    )
