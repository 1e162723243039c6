"""The bytes that leave: unsigned ones are made here, signed ones by the adapter; both are checked here."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, urlencode

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Adapter, Credential, Request, Stamp, Wire
from keyguard.core.secret import Secret

# Path and query of an absolute path, in characters that no URL library rewrites: what was signed is what
# leaves. A second slash at the start would name another host.
_TARGET = re.compile(
    r"/(?!/)[A-Za-z0-9\-._~!$&'()*+,;=:@/%|\[\]^]*(\?[A-Za-z0-9\-._~!$&'()*+,;=:@/?%|\[\]^]*)?"
)
_METHOD = re.compile(r"GET|POST|PUT|PATCH|DELETE")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")

_OURS = frozenset(
    {"host", "user-agent", "cookie", "expect", "upgrade", "te", "trailer", "connection", "keep-alive"}
    | {"accept-encoding", "content-encoding", "content-length", "transfer-encoding"}
)
"""Headers an adapter may not set: they decide where a request goes, how it is framed or how we read it."""


def unsigned(request: Request) -> Wire:
    """Make the wire of a public call: the query percent-encoded in its order, a list as a repeated name.

    A body goes out as compact JSON or as a form; a code or token in it is revealed here.
    """
    query = urlencode(request.query, doseq=True, quote_via=quote)
    target = f"{request.path}?{query}" if query else request.path
    headers = {"authorization": f"Basic {_user(request.basic)}"} if request.basic else {}
    if request.body is None:
        return Wire(request.method, target, headers)
    if request.form:
        headers["content-type"] = "application/x-www-form-urlencoded"
        members = [(name, _plain(value)) for name, value in request.body.items()]
        return Wire(request.method, target, headers, urlencode(members, quote_via=quote, safe="").encode())
    headers["content-type"] = "application/json"
    body = json.dumps(request.body, separators=(",", ":"), default=Secret.reveal).encode()
    return Wire(request.method, target, headers, body)


def _plain(value: object) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)


def _user(name: str) -> str:
    """A user without password; both are encoded as in a form first (RFC 6749 §2.3.1)."""
    return base64.b64encode(f"{quote(name, safe='')}:".encode()).decode()


def signed(adapter: Adapter, request: Request, who: Credential, stamp: Stamp) -> Wire:
    """Let the adapter sign; raises UsageError `credential.shape` where the credential does not fit.

    The libraries' own messages may quote the secret, so nothing of them is kept, not even as a cause.
    """
    try:
        return adapter.sign(request, who, stamp)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        reason = type(error).__name__
    raise UsageError(
        f"this credential cannot sign for {adapter.facts.name} ({reason})",
        code="credential.shape",
        still="nothing was sent",
        hint="check that every part was pasted whole and into its own field",
    )


def check(wire: Wire) -> None:
    """Raise UsageError `wire.invalid` for a wire that would change host or framing, or not leave as it is."""
    if not _METHOD.fullmatch(wire.method):
        raise _invalid("its method is not one of HTTP's")
    if not _TARGET.fullmatch(wire.target):
        raise _invalid("its target is not an encoded path on the venue's host")
    for name, value in wire.headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise _invalid("a header has characters that cannot be sent; was a key pasted with a line break?")
        if name.lower() in _OURS or name.lower().startswith("proxy-"):
            raise _invalid(f"the header {name.lower()} is not the adapter's to set")


def _invalid(why: str) -> UsageError:
    return UsageError(f"the request cannot be sent: {why}", code="wire.invalid", still="nothing was sent")
