"""Runs simulated venues on loopback, each on a port of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from keyguard_simulators import NAMES
from keyguard_simulators.front import Front
from keyguard_simulators.venue import Venue
from keyguard_simulators.web import web_routes

HOST = "127.0.0.1"


def make(name: str) -> Venue:
    """A new venue of this name, empty; raises KeyError for one that is not simulated."""
    if name not in NAMES:
        raise KeyError(name)
    venue: Venue = import_module(f"keyguard_simulators.{name}").VENUE()
    return venue


@dataclass(frozen=True)
class Running:
    """Venues being served: where, and their state for tests that want to look or to prepare."""

    urls: Mapping[str, str]
    venues: Mapping[str, Venue]


@contextmanager
def running(names: Sequence[str] = NAMES) -> Iterator[Running]:
    """Serve the named venues from a thread until the block ends.

    Raises KeyError for a venue that is not simulated, OSError when no port is to be had.
    """
    venues: dict[str, Venue] = {name: make(name) for name in names}
    sockets = {name: _listen() for name in names}
    servers = {name: _server(venue) for name, venue in venues.items()}
    thread = threading.Thread(target=_serve, args=(servers, sockets), name="simulated venues", daemon=True)
    thread.start()
    try:
        # The sockets listen already: a client that is early waits in their backlog.
        yield Running(
            {name: f"http://{HOST}:{sock.getsockname()[1]}" for name, sock in sockets.items()}, venues
        )
    finally:
        for server in servers.values():
            server.should_exit = True
        thread.join()


def _listen() -> socket.socket:
    # With the protocol named asyncio sends at once; else a client that keeps its connection waits 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind((HOST, 0))
    sock.listen(64)
    return sock


def _server(venue: Venue) -> uvicorn.Server:
    def hang_up(client: tuple[str, int]) -> None:
        for connection in list(server.server_state.connections):
            if getattr(connection, "client", None) == client:
                connection.transport.close()

    app = Starlette(routes=[*web_routes(venue), Mount("/", app=Front(venue, hang_up))])
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",  # a request held by a fault when the block ends is no error
            access_log=False,
            server_header=False,
            date_header=False,  # the venue's own clock tells it
            timeout_graceful_shutdown=1,
        )
    )
    return server


def _serve(servers: Mapping[str, uvicorn.Server], sockets: Mapping[str, socket.socket]) -> None:
    async def all_of_them() -> None:
        await asyncio.gather(*(server.serve([sockets[name]]) for name, server in servers.items()))

    asyncio.run(all_of_them())
