"""A real server on loopback that answers as a test tells it to, well or badly."""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from types import TracebackType

from keyguard.gateway.http import TimeOuts

QUICK = TimeOuts(connect=5, read=0.2, write=5, total=10)
"""For clients of a server that may never answer."""

Answer = Callable[[socket.socket], None]


def reply(body: bytes | object = b"{}", status: str = "200 OK", **headers: str) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Length": str(len(data))} | {k.replace("_", "-"): v for k, v in headers.items()}
    head = "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + data


def says(data: bytes) -> Answer:
    return lambda connection: connection.sendall(data)


def hold(connection: socket.socket) -> None:
    """Answer nothing, until the client goes away."""
    connection.recv(1)


def drip(data: bytes) -> Answer:
    """Send byte after byte without end, always sooner than a read times out."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.settimeout(0.01)
        while True:
            connection.sendall(b"x")
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue

    return answer


class Server:
    """Answers the first connection with the first of `answers`, and so on; the last one stays.

    `requests` holds what came in, head and body, and `heads` only the first lines.
    """

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None, reads: bool = True) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answers = list(answers) or [says(reply())]
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                server._serve(self.request)

        self._tls = tls
        self._reads = reads
        self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._tcp.daemon_threads = False
        self._thread = threading.Thread(target=self._tcp.serve_forever, args=(0.01,))
        self.port: int = self._tcp.server_address[1]

    def _serve(self, raw: socket.socket) -> None:
        self.connections += 1
        raw.settimeout(20)
        try:
            connection = self._tls.wrap_socket(raw, server_side=True) if self._tls else raw
        except OSError:
            return  # the client did not trust us
        with connection:
            try:
                if request := _read(connection) if self._reads else b"unread":
                    self.requests.append(request)
                    answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                    answer(connection)
            except OSError:
                return  # the client went away, as some tests want

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def https(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def heads(self) -> list[str]:
        return [r.split(b"\r\n", 1)[0].decode() for r in self.requests]

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tcp.shutdown()
        self._tcp.server_close()
        self._thread.join()


def _read(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
