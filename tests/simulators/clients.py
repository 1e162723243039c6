"""Other people's clients, pointed at a simulated venue by their own settings, and a tap on their wire."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ccxt
from pybit.unified_trading import HTTP

from keyguard_simulators.accounts import Key

if TYPE_CHECKING:
    import requests


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
