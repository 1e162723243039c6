"""Gateway on top of FakeExchange, with time-outs on demand."""

from __future__ import annotations

from keyguard.core.errors import OutcomeUnknown, Refused, Unreachable, UsageError
from keyguard.core.exchange import Effect


class FakeGateway:
    def __init__(self, *exchanges, simulated=False) -> None:
        self._exchanges = {e.name: e for e in exchanges}
        self._simulated = simulated
        self.effects = 0
        self.timeouts: dict[int, str] = {}  # number of an effect, from 1 -> "before" or "after" it happens
        self.down = False
        self.sent = []

    def adapter(self, venue):
        if venue not in self._exchanges:
            raise UsageError(f"no venue {venue}", code="venue.unknown", hint=", ".join(self._exchanges))
        return self._exchanges[venue].adapter

    def simulated(self, venue):
        return self._simulated

    def page(self, venue, url):
        return url

    def clock_offset_ms(self, venue):
        return 0

    def send(self, venue, request, who):
        if self.down:
            raise Unreachable("no answer", code="exchange.unreachable")
        moment = ""
        if request.effect is not Effect.NONE:
            self.effects += 1
            moment = self.timeouts.get(self.effects, "")
        if moment == "before":
            raise OutcomeUnknown("no answer in time", code="exchange.timeout")
        self.sent.append((request.method, request.path, who.key))
        exchange = self._exchanges[venue]
        reply = exchange.handle(request, who)
        if moment == "after":
            raise OutcomeUnknown("no answer in time", code="exchange.timeout")
        if (fault := exchange.adapter.fault(reply)) is not None:
            raise Refused(f"{venue} refused", fault=fault[0], venue_code=fault[1], http_status=reply.status)
        return reply
