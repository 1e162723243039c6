"""Other people's clients, pointed at a simulated venue by their own settings, and a tap on their wire."""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import ccxt
from pybit.unified_trading import HTTP
from requests.adapters import HTTPAdapter

from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, Credential, Reply, Request, Stamp, Step
from keyguard.core.steps import drive
from keyguard_simulators.accounts import Key

if TYPE_CHECKING:
    import requests

T = TypeVar("T")
_LATER = itertools.count(1)
"""Milliseconds by which one request of ours is later than the one before, however fast they follow."""


def pybit_session(base: str, key: Key, secret: str = "") -> Any:
    session = HTTP(
        api_key=key.public_id,
        api_secret=secret or key.secret,
        max_retries=1,
        retry_delay=0,
        rsa_authentication="PRIVATE KEY" in secret,
    )
    session.endpoint = base
    return session


def ccxt_client(venue: str, base: str, key: Key, secret: str = "") -> Any:
    client = getattr(ccxt, venue)({"apiKey": key.public_id, "secret": secret or key.secret})
    client.urls["api"] = dict.fromkeys(client.urls["api"], base)
    client.rateLimit = 2  # Deribit's nonce is ccxt's clock in ms: two calls in one would collide
    return client


@dataclass(frozen=True)
class Sent:
    """A request as a client put it on the wire."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


def tap(session: requests.Session) -> list[Sent]:
    """Record every request that leaves `session` from now on."""
    sent: list[Sent] = []

    def note(response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
        request = response.request
        body = request.body or b""
        assert isinstance(body, str | bytes)
        sent.append(
            Sent(
                str(request.method),
                str(request.url),
                {name: str(value) for name, value in request.headers.items()},
                body.encode() if isinstance(body, str) else body,
            )
        )

    session.hooks["response"].append(note)
    return sent


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def send(request: Sent, source: str = "127.0.0.1") -> Got:
    """Put exactly this request on the wire, from the loopback address `source`."""
    parts = urlsplit(request.url)
    assert parts.hostname and parts.port
    line = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10, source_address=(source, 0))
    try:
        target = request.url.partition(parts.netloc)[2]
        line.request(request.method, target, body=request.body or None, headers=request.headers)
        reply = line.getresponse()
        return Got(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
    finally:
        line.close()


def call(base: str, method: str, path: str, sent: Any = None) -> Got:
    """An unsigned call; `sent` travels as JSON."""
    body = b"" if sent is None else json.dumps(sent).encode()
    return send(Sent(method, base + path, {"Content-Type": "application/json"}, body))


class Rerouted(HTTPAdapter):
    """Takes what a client sends to a venue over https to its simulator, and leaves all that is signed alone.

    For venues that sign the host: the client believes it talks to the venue, and its Host header says so.
    """

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.headers["Host"] = parts.netloc
        request.url = self.base + str(request.url).partition(parts.netloc)[2]
        return super().send(request, *args, **kwargs)


def rerouted(venue: str, base: str, key: Key, **credential: str) -> Any:
    """ccxt's client of a venue, its own addresses left as they are."""
    client = getattr(ccxt, venue)({"apiKey": key.public_id, "secret": key.secret, **credential})
    client.session.mount("https://", Rerouted(base))
    client.rateLimit = 2
    return client


def ask(
    adapter: Adapter,
    base: str,
    step: Step[T],
    who: Credential,
    now_ms: int,
    nonce: Callable[[], object] = lambda: None,
) -> T:
    """Drive an operation of our adapter against a simulator; a refusal is raised as the gateway raises it.

    `nonce` draws one for each request; unless it does, the nonce is the time, which is never the same twice.
    """
    host = urlsplit(base).netloc

    def asked(request: Request) -> Reply:
        ms = now_ms + next(_LATER)
        stamp = Stamp(ms, str(nonce() or ms), host)
        wire = adapter.sign(request, who, stamp)
        got = send(Sent(wire.method, base + wire.target, dict(wire.headers), wire.body))
        reply = Reply(got.status, got.headers, got.body)
        if refusal := adapter.fault(reply):
            raise Refused("refused", fault=refusal[0], venue_code=refusal[1])
        return reply

    return drive(step, asked)
