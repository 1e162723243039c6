"""Our own adapters, driven against a simulated venue without the gateway: every request is sent once."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from keyguard.core.errors import Refused
from keyguard.core.exchange import Adapter, Credential, NonceKind, Reply, Request, Stamp, Step, T
from keyguard.core.keys import KeyKind
from keyguard.core.secret import Secret
from keyguard.core.steps import drive
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import Venue
from tests.adapters.scripts import adapter
from tests.simulators.clients import Sent, send

_COUNT = itertools.count()


@dataclass
class Own:
    """Calls a venue's simulator with one key, through our adapter; `asked` are its requests."""

    served: Running
    id: str
    who: Credential
    asked: list[Request] = field(default_factory=list)

    @property
    def adapter(self) -> Adapter:
        return adapter(self.id)

    @property
    def venue(self) -> Venue:
        return self.served.venues[self.id]

    def run(self, begin: Callable[[Adapter], Step[T]]) -> T:
        """Run an operation to its end; a refusal comes as Refused, with the fault the adapter saw."""
        return drive(begin(self.adapter), self.send)

    def send(self, request: Request) -> Reply:
        self.asked.append(request)
        base = self.served.urls[self.id]
        wire = self.adapter.sign(request, self.who, self._stamp(base))
        got = send(Sent(wire.method, base + wire.target, dict(wire.headers), wire.body))
        reply = Reply(got.status, got.headers, got.body)
        verdict = self.adapter.fault(reply)
        if verdict is not None:
            raise Refused("refused", fault=verdict[0], venue_code=verdict[1], http_status=got.status)
        return reply

    def _stamp(self, base: str) -> Stamp:
        ms = self.venue.state.clock.now_ms()
        counter = self.adapter.facts.nonce is NonceKind.COUNTER
        nonce = str(ms + next(_COUNT)) if counter else str(uuid.uuid4())
        return Stamp(ms, nonce, urlsplit(base).netloc)


def own(served: Running, venue: str, key: Key, kind: KeyKind = KeyKind.HMAC, secret: str = "") -> Own:
    return Own(served, venue, Credential(key.public_id, Secret(secret or key.secret), kind=kind))
