"""Makes gateways to the test's venue, and closes them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from keyguard.core.exchange import Adapter
from keyguard.gateway import registry
from keyguard.gateway.venues import HttpGateway
from tests.fakes.clock import FakeClock
from tests.unit.gateway.server import QUICK
from tests.unit.gateway.venue import Counters

Open = Callable[..., HttpGateway]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def bundle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Adapter], None]:
    """Put an adapter among the bundled ones."""

    def put(adapter: Adapter) -> None:
        module = ModuleType(f"keyguard_adapters.{adapter.facts.id}")
        module.ADAPTER = adapter  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(registry, "NAMES", ("bybit", "deribit", adapter.facts.id, "upbit"))

    return put


@pytest.fixture
def open_gateway(bundle: Callable[[Adapter], None], clock: FakeClock, counters: Counters) -> Iterator[Open]:
    opened: list[HttpGateway] = []

    def make(adapter: Adapter, **options: Any) -> HttpGateway:
        bundle(adapter)
        gateway = HttpGateway(options.pop("clock", clock), counters, **{"timeouts": QUICK} | options)
        opened.append(gateway)
        return gateway

    yield make
    for gateway in opened:
        gateway.close()
