"""Our own adapters and ccxt, pointed at a simulated venue."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import ccxt
import pytest

from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, Credential, Fault, KeyReport, Reply, Request, Stamp, Step
from keyguard.core.keys import KeyKind
from keyguard.core.secret import Secret
from keyguard.core.steps import drive
from keyguard_simulators.accounts import Account, Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm, Venue
from tests.adapters.scripts import Script, adapter
from tests.simulators.clients import Got, Sent, send

T = TypeVar("T")


@dataclass
class Desk:
    """A firm's account and a desk's sub-account at a simulated venue, asked by our adapter and by ccxt."""

    served: Running
    name: str
    main: Account = field(init=False)
    sub: Account = field(init=False)

    def __post_init__(self) -> None:
        self.main = self.venue.open_account("firm" + uuid.uuid4().hex[:8], "")
        self.sub = self.venue.open_account("desk" + uuid.uuid4().hex[:8], self.main.id)

    @property
    def venue(self) -> Venue:
        return self.served.venues[self.name]

    @property
    def base(self) -> str:
        return self.served.urls[self.name]

    @property
    def adapter(self) -> Adapter:
        return adapter(self.name)

    def issue(self, account: Account, permissions: Any, ips: tuple[str, ...] = (), **form: Any) -> Key:
        return self.venue.issue(KeyForm(account.id, permissions, ips=ips, **form))

    def run(
        self, who: Key | Credential, step: Step[T], *answers: str, source: str = "127.0.0.1", late_ms: int = 0
    ) -> T:
        """Run one of our operations; raises Refused as the gateway does."""
        signer = credential(who) if isinstance(who, Key) else who

        def ask(request: Request) -> Reply:
            host = urlsplit(self.base).netloc
            stamp = Stamp(self.venue.state.clock.now_ms() - late_ms, str(uuid.uuid4()), host)
            wire = self.adapter.sign(request, signer, stamp)
            sent = Sent(wire.method, self.base + wire.target, dict(wire.headers), wire.body)
            got = send(sent, source)
            reply = Reply(got.status, got.headers, got.body)
            if (verdict := self.adapter.fault(reply)) is not None:
                raise Refused("refused", fault=verdict[0], venue_code=verdict[1], http_status=got.status)
            return reply

        return drive(step, ask, Script([], list(answers)).code)

    def whoami(self, who: Key | Credential, **how: Any) -> KeyReport:
        key = who.public_id if isinstance(who, Key) else who.key
        return self.run(who, self.adapter.whoami(key), **how)

    def fault(self, who: Key | Credential, **how: Any) -> Fault:
        """Why the venue refuses to say who is calling."""
        with pytest.raises(Refused) as caught:
            self.whoami(who, **how)
        return caught.value.fault

    def ccxt(self, key: Key, secret: str = "") -> Any:
        """ccxt's client of this venue, all of its addresses at the simulator."""
        client = getattr(ccxt, self.name)({"apiKey": key.public_id, "secret": secret or key.secret})
        client.password = key.passphrase
        client.urls["api"] = _moved(client.urls["api"], self.base)
        client.hostname = urlsplit(self.base).netloc
        for hosts in client.urls.get("hostnames", {}):
            client.urls["hostnames"][hosts] = client.hostname
        client.rateLimit = 2
        return client


def replay(desk: Desk, vector: dict[str, Any], grants: frozenset[str], spoil: str = "") -> Got:
    """Send a request as another client signed it, at the moment it did, with a key the venue knows.

    `spoil`: the header or query parameter whose signature is changed in its middle.
    """
    given, expected = vector["credentials"], vector["expected"]
    state = desk.venue.state
    state.clock.frozen_ms = vector["clock_ms"]
    lines = given.get("public_key_body", ())
    marks = [f"-----{word} PUBLIC KEY-----" for word in ("BEGIN", "END")]
    state.book.add_key(
        Key(
            public_id=given.get("apiKey") or given["api_key"],
            number=state.book.next_number,
            account=desk.main.id,
            grants=grants,
            ips=(),
            label="",
            created_ms=0,
            live_ms=0,
            secret=given.get("secret", ""),
            passphrase=given.get("passphrase", ""),
            public_key="\n".join([marks[0], *lines, marks[1], ""]) if lines else "",
        )
    )
    headers = dict(expected["headers"])
    headers["Host"] = urlsplit(expected["url"]).netloc  # some venues sign it
    url = re.sub(r"^https?://[^/]+", desk.base, expected["url"])
    if spoil in headers:
        headers[spoil] = _changed(headers[spoil], 20)
    elif spoil:
        url = _changed(url, url.index(f"{spoil}=") + 20)
    return send(Sent(expected["method"], url, headers, (expected["body"] or "").encode()))


def credential(key: Key) -> Credential:
    passphrase = Secret(key.passphrase) if key.passphrase else None
    return Credential(key.public_id, Secret(key.secret), passphrase, KeyKind.HMAC)


def wrong(key: Key, secret: str) -> Credential:
    """The same key with another secret."""
    passphrase = Secret(key.passphrase) if key.passphrase else None
    return Credential(key.public_id, Secret(secret), passphrase)


def _changed(text: str, at: int) -> str:
    return f"{text[:at]}{'1' if text[at] != '1' else '2'}{text[at + 1 :]}"


def _moved(urls: Any, base: str) -> Any:
    if isinstance(urls, dict):
        return {name: _moved(one, base) for name, one in urls.items()}
    return re.sub(r"^https?://[^/]+", base, urls) if isinstance(urls, str) else urls
