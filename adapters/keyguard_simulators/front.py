"""The machine in front of a venue: takes a request off the wire, applies faults, logs, replies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from keyguard_simulators.faults import FaultKind, FaultRule
from keyguard_simulators.state import Seen
from keyguard_simulators.venue import Venue
from keyguard_simulators.wire import Answer, Call

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

HangUp = Callable[[tuple[str, int]], None]
"""Closes the connection of the client at this address without a word."""


@dataclass
class Front:
    """An ASGI app for everything under a venue's host that is not the web side."""

    venue: Venue
    hang_up: HangUp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        await self._travel()
        call = await self._call(request)
        operation = self.venue.operation(call)
        rule = self.venue.state.faults.strike(operation)
        answer, hangs = self._judge(call, rule)
        self._note(call, operation, answer, rule)
        if hangs:
            await self._hold(request, receive, rule.hold_ms if rule else 0)
            return
        await self._travel()
        response = _response(answer, rule)
        response.headers["Date"] = formatdate(self.venue.state.clock.now_ms() / 1000, usegmt=True)
        await response(scope, receive, send)

    async def _travel(self) -> None:
        if latency_ms := self.venue.state.switches.latency_ms:
            await asyncio.sleep(latency_ms / 2000)

    async def _call(self, request: Request) -> Call:
        query = request.scope["query_string"].decode("ascii")
        path = request.scope["raw_path"].decode("ascii")
        state = self.venue.state
        return Call(
            method=request.method,
            path=request.scope["path"],
            target=f"{path}?{query}" if query else path,
            query=query,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.body(),
            ip=state.caller(request.client.host if request.client else ""),
            now_ms=state.clock.now_ms(),
        )

    def _judge(self, call: Call, rule: FaultRule | None) -> tuple[Answer, bool]:
        """Serve the call as the rule wants; the second value says that no reply may leave."""
        match rule.kind if rule else None:
            case FaultKind.TIMEOUT_BEFORE:
                return Answer(None, status=0), True
            case FaultKind.TIMEOUT_AFTER:
                return self.venue.answer(call), True
            case FaultKind.ERROR_BEFORE | FaultKind.REDIRECT:
                return Answer(None), False
            case FaultKind.RATE_LIMITED:
                return self.venue.limited(call, blocked=False), False
            case FaultKind.BLOCKED:
                return self.venue.limited(call, blocked=True), False
            case FaultKind.WRONG_CLOCK:
                offset = rule.offset_ms if rule else 0
                return self.venue.answer(replace(call, now_ms=call.now_ms + offset)), False
            case FaultKind.SECOND_FACTOR:
                self.venue.demand_code(call)
                return self.venue.answer(call), False
            case FaultKind.ERROR_AFTER | FaultKind.MALFORMED | None:
                return self.venue.answer(call), False

    async def _hold(self, request: Request, receive: Receive, hold_ms: int) -> None:
        """Keep the client waiting, then close; a client that gives up first ends the wait."""

        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        try:
            await asyncio.wait_for(gone(), hold_ms / 1000)
        except (TimeoutError, asyncio.CancelledError):  # cancelled when the server stops: still no reply
            host, port = request.scope["client"]
            self.hang_up((host, port))
            await gone()

    def _note(self, call: Call, operation: str, answer: Answer, rule: FaultRule | None) -> None:
        self.venue.state.seen.append(
            Seen(
                at_ms=call.now_ms,
                ip=call.ip,
                method=call.method,
                operation=operation,
                key=answer.key,
                status=answer.status,
                code=answer.code,
                fault=rule.kind.value if rule else "",
            )
        )


def _response(answer: Answer, rule: FaultRule | None) -> Response:
    if rule and rule.kind in (FaultKind.ERROR_BEFORE, FaultKind.ERROR_AFTER):
        return HTMLResponse("<html><body>the venue's proxy could not reach it</body></html>", rule.status)
    if rule and rule.kind is FaultKind.REDIRECT:
        return RedirectResponse(rule.location, 302)
    text = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
    if rule and rule.kind is FaultKind.MALFORMED:
        text = text[: len(text) // 2]
    if answer.status == 204:  # no content
        return Response(None, 204, answer.headers)
    headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
    return Response(text.encode(), answer.status, headers)
