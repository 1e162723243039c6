"""When, with which nonce and for which host a request is signed."""

from __future__ import annotations

import hashlib
import uuid

from keyguard.core.exchange import Credential, Facts, NonceKind, Stamp
from keyguard.gateway.venue_clock import VenueClock
from keyguard.ports.clock import Clock
from keyguard.ports.gateway import NonceSource


class Stamper:
    """Makes a fresh stamp for every signature; a stamp is never used twice."""

    def __init__(self, clock: Clock, nonces: NonceSource, venue_clock: VenueClock) -> None:
        self._clock = clock
        self._nonces = nonces
        self._venue_clock = venue_clock

    def stamp(self, facts: Facts, who: Credential, host: str) -> Stamp:
        """Return a stamp on the venue's clock; raises StoreError if a counter cannot be kept on disk."""
        ms = self._venue_clock.now_ms(facts.id)
        return Stamp(ms=ms, nonce=self._nonce(facts, who, ms), host=host)

    def _nonce(self, facts: Facts, who: Credential, ms: int) -> str:
        match facts.nonce:
            case NonceKind.NONE:
                return ""
            case NonceKind.UUID:
                return str(uuid.UUID(bytes=self._clock.token(16), version=4))
            case NonceKind.COUNTER:
                return str(self._nonces.next(nonce_scope(facts.id, who.key), floor=ms))


def nonce_scope(venue: str, public_id: str) -> str:
    """Name the counter of a key: by a fingerprint of its public id, since the name is kept on disk."""
    return f"{venue}/{hashlib.sha256(public_id.encode()).hexdigest()[:32]}"
