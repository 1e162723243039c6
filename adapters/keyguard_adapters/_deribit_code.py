"""Deribit's second factor: asked for in the result of a call, without an error, on any key method."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from keyguard.core.calls import Ask, Fault, Request, Step
from keyguard.core.errors import NotOffered, Refused
from keyguard.core.exchange import Facts
from keyguard_adapters._answers import text


def confirmed(request: Request, facts: Facts) -> Step[Any]:
    """Send and return the result; where it asks for a code, ask a person and repeat the same call with it.

    Raises NotOffered where the account confirms by passkey only, Refused where the code is not accepted.
    """
    reply = yield request
    result = reply.json["result"]
    challenge = challenged(result)
    if challenge is None:
        return result
    offered = result.get("security_keys")
    if offered and not any(key.get("type") == "tfa" for key in offered):
        raise NotOffered(
            "this Deribit account confirms with a passkey only, which works on the web page alone",
            code="exchange.web_only",
            still="nothing was changed",
            hint=facts.key_page,
        )
    method = request.path.rpartition("/v2/")[2]
    code = yield Ask(
        "totp", f"Deribit wants a one-time code it has not seen yet for {method}, within a minute"
    )
    again = {**request.query, "challenge": challenge, "authorization_data": code.strip()}
    reply = yield replace(request, query=again)
    result = reply.json["result"]
    if challenged(result) is not None:
        raise Refused(
            "Deribit did not accept the one-time code",
            fault=Fault.SECOND_FACTOR,
            still="nothing was changed",
            hint="try again with the next code",
        )
    return result


def challenged(result: Any) -> str | None:
    """The challenge of a result that asks for a code; None for any other."""
    if isinstance(result, dict) and result.get("security_key_authorization_required"):
        return text(result["challenge"])
    return None
