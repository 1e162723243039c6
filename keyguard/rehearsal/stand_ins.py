"""Simulated venues in a process of their own, and what is done on their web pages."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from keyguard.core.errors import UsageError

_ENDED_WITHIN_S = 30


class Declined(Exception):
    """The page did not take a form; the text says why."""


@dataclass(frozen=True, slots=True)
class StandIns:
    """The venues' addresses on loopback; what is asked there is their web side."""

    urls: Mapping[str, str]

    def web(self, venue: str, path: str, method: str = "GET", **sent: Any) -> Any:
        """Ask the web side of a venue; Declined."""
        data = json.dumps(sent).encode() if sent else None
        request = urllib.request.Request(self.urls[venue] + path, data, method=method)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=_ENDED_WITHIN_S) as answer:  # noqa: S310 - as above
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Declined(f"{venue}: {error.read().decode()}") from None

    def slow_down(self, latency_ms: int) -> None:
        """Let every call take this long on its way, and forget the calls made before."""
        for venue in self.urls:
            self.web(venue, "/_sim/switches", "POST", latency_ms=latency_ms)
            self.web(venue, "/_sim/requests", "DELETE")


@contextmanager
def standing_in(venues: Sequence[str]) -> Iterator[StandIns]:
    """Serve the venues from another process until the block ends; UsageError where they cannot be."""
    chosen = [word for venue in venues for word in ("--venue", venue)]
    command = [sys.executable, "-m", "keyguard_simulators", *chosen]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise UsageError(
                "the simulated venues did not start", code="simulate.failed", still="nothing was changed"
            )
        yield StandIns(json.loads(line))
    finally:
        process.stdin.close()
        process.wait(_ENDED_WITHIN_S)
        process.stdout.close()
