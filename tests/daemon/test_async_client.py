"""The asyncio client against a real daemon."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from keyguard.client.aio import AsyncClient
from keyguard.core.errors import DaemonError, UsageError
from tests.daemon.homes import secret_of

if TYPE_CHECKING:
    from tests.daemon.homes import DaemonHome


def test_many_hand_outs_at_once_have_their_records(home: DaemonHome) -> None:
    async def main() -> int:
        async with AsyncClient(home.home.path) as keys:
            given = await asyncio.gather(*(keys.get(f"bot{n % 2}", fresh=True) for n in range(200)))
            assert len({key.lease for key in given}) == 200
            assert {key.secret.reveal() for key in given} == {secret_of(1)}
            await asyncio.gather(*(keys.end(key) for key in given[:150]))
            assert [one["name"] for one in await keys.keys()] == ["bybit/mm/bot0", "bybit/mm/bot1"]
        return home.running_leases()

    assert asyncio.run(main()) == 50
    assert len(home.records("handout")) == 200
    home.verify()


def test_it_watches_renews_and_raises_what_the_daemon_raises(home: DaemonHome) -> None:
    async def main() -> list[int]:
        versions = []
        async with AsyncClient(home.home.path) as keys:
            key = await keys.get("bot1", lease_s=60)
            await keys.renew(key, 3600)
            with pytest.raises(UsageError):
                await keys.get("nosuch")
            async with contextlib.aclosing(keys.watch("bot0")) as watched:
                async for version in watched:
                    versions.append(version.version)
                    if len(versions) == 3:
                        break
                    await asyncio.to_thread(home.rotate)
        return versions

    assert asyncio.run(main()) == [1, 2, 3]


def test_a_daemon_that_ends_is_an_error_and_no_hang(home: DaemonHome) -> None:
    async def main() -> None:
        async with AsyncClient(home.home.path) as keys:
            async with contextlib.aclosing(keys.watch("bot0")) as watched:
                await anext(watched)
                home.processes[0].kill()
                with pytest.raises(DaemonError):
                    await anext(watched)
            with pytest.raises(DaemonError):
                await keys.get("bot1")

    asyncio.run(main())
