"""Takes the redirect that ends a sign-in: one path on loopback, one answer page, closed at once."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from keyguard.core import oauth
from keyguard.core.errors import UsageError
from keyguard.core.oauth import Attempt
from keyguard.core.secret import Secret
from keyguard.ports.clock import Clock
from keyguard.ports.redirects import Landing

PATH = "/keyguard"
_HOST = "127.0.0.1"
_ONE_REQUEST_S = 5
_LONGEST_TARGET = 8192
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",  # the address holds the code
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}
_PAGE = "<!doctype html><html lang=en><title>keyguard</title><p>{text}</p></html>\n"


class Redirects:
    """A listener on 127.0.0.1; `listening` makes one. Serves one request at a time."""

    def __init__(self, server: _Server, clock: Clock, patience: timedelta, relay: str = "") -> None:
        self._server = server
        self._relay = relay
        self._clock = clock
        self._patience = patience

    @property
    def uri(self) -> str:
        """The redirect URI: of the page that leads here, where there is one."""
        return self._relay or f"http://{_HOST}:{self._server.server_address[1]}{PATH}"

    def wait(self, attempt: Attempt) -> Landing:
        """Return the redirect of this attempt; others are refused and change nothing.

        UsageError `oauth.time_out` when none came in time.
        """
        self._server.attempt = attempt
        ends = self._clock.now() + self._patience
        while self._server.landing is None:
            left = (ends - self._clock.now()).total_seconds()
            if left <= 0:
                raise UsageError(
                    "nobody came back from the venue's page in time",
                    code="oauth.time_out",
                    still="nothing was stored",
                    hint="sign in again",
                )
            self._server.timeout = left
            self._server.handle_request()
        return self._server.landing


@contextmanager
def listening(clock: Clock, patience: timedelta, port: int = 0, relay: str = "") -> Iterator[Redirects]:
    """Listen until the block ends; `port` 0: any that is free. UsageError where it is taken.

    `relay`: the https page registered for the app, which sends the browser on to this port.
    """
    try:
        server = _Server((_HOST, port), _Handler)
    except OSError:
        raise UsageError(
            f"port {port} of this machine is taken",
            code="oauth.port",
            still="nothing was sent",
            hint="name another that is registered for the app, or none",
        ) from None
    with server:
        yield Redirects(server, clock, patience, relay)


class _Server(socketserver.TCPServer):
    attempt: Attempt | None = None
    landing: Landing | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no event; the library would print the address it asked for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _ONE_REQUEST_S

    def do_GET(self) -> None:
        """Take the redirect, or refuse."""
        parts = urlsplit(self.path)
        if self.headers.get_all("Host") != [f"{_HOST}:{self.server.server_address[1]}"]:
            # A page of another name that resolves to this machine.
            return self._answer(421, "This is not the host you asked for.")
        if parts.path != PATH or len(self.path) > _LONGEST_TARGET:
            return self._answer(404, "There is nothing here.")
        try:
            sent = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True, max_num_fields=20)
        except ValueError:
            sent = {}
        attempt = self.server.attempt
        state, code, error = (_single(sent, name) for name in ("state", "code", "error"))
        if attempt is None or not oauth.is_ours(attempt, state) or bool(code) == bool(error):
            return self._answer(400, "This does not belong to the sign-in that is under way.")
        self.server.landing = Landing(Secret(code) if code else None, error)
        if error:
            return self._answer(200, "The sign-in was declined. You can close this page.")
        return self._answer(200, "keyguard goes on in your terminal. You can close this page.")

    def version_string(self) -> str:
        """Name no software."""
        return "keyguard"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the address holds the code."""

    def _answer(self, status: int, text: str) -> None:
        body = _PAGE.format(text=text).encode()
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _single(sent: dict[str, list[str]], name: str) -> str:
    values = sent.get(name, [])
    return values[0] if len(values) == 1 else ""
