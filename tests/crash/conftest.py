from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all simulated venues that are called without a server."""
    with asyncio.Runner() as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases the tests of this folder made of the calls there are."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", ()):
        if "tests/crash/" in report.nodeid:
            counts.update(dict(report.user_properties))
    if counts:
        terminalreporter.write_line(
            "crashes: " + ", ".join(f"{count:,} {what}" for what, count in sorted(counts.items()))
        )
