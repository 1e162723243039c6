"""The daemon's slow jobs: beside the event loop, one at a time, none while the store is locked."""

from __future__ import annotations

import asyncio
import logging
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from keyguard.core.alerts import Manners
from keyguard.core.errors import OutcomeUnknown
from keyguard.core.findings import Item, Kind
from keyguard.core.policy import Level
from keyguard.core.secret import Secret
from keyguard.daemon.jobs import Jobs
from keyguard.ports.channels import Channel
from keyguard.workflows import channels, findings, look, review_upkeep
from keyguard.workflows.rotate import Options, rotate
from tests.fakes.sealing import log_ports
from tests.fakes.world import ACTOR, World
from tests.unit.workflows.test_alerting import FakeMessenger

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Custody:
    locked = False


class Desk:
    def __init__(self) -> None:
        self.world = World(with_manager=False, self_managed=True)
        self.world.exchange.make("stranger", ["view"])
        channels.add(self.world.store, Channel("chat", Secret("jsons://FAKE@example.test/")))
        self.custody, self.messenger = Custody(), FakeMessenger()

    def run(self, work: Callable[[Jobs], Coroutine[Any, Any, None]], inspect_s: int = 0) -> None:
        async def whole() -> None:
            made: Any = self.custody
            jobs = Jobs(self.world.ports, made, self.messenger, Manners(), inspect_s)
            await work(jobs)
            await jobs.idle()
            await jobs.close()

        asyncio.run(whole())

    def kinds(self) -> set[Kind]:
        return {finding.item.kind for finding in self.world.findings.all()}


def test_keys_are_looked_at_and_people_told() -> None:
    desk = Desk()
    desk.world.clock.sleep(60)

    async def work(jobs: Jobs) -> None:
        await jobs.look()
        await jobs.idle()
        await jobs.tell()

    desk.run(work)
    assert desk.kinds() >= {Kind.UNKNOWN_KEY}
    assert desk.messenger.taken() == ["chat"]


def test_keys_that_were_looked_at_lately_are_left_alone() -> None:
    desk = Desk()
    before = len(desk.world.gateway.sent)
    desk.run(lambda jobs: jobs.look(), inspect_s=86_400)
    assert len(desk.world.gateway.sent) == before


def test_while_the_store_is_locked_nobody_is_asked_or_told() -> None:
    desk = Desk()
    desk.world.clock.sleep(8 * 86_400)
    desk.custody.locked = True
    before = len(desk.world.gateway.sent)

    async def work(jobs: Jobs) -> None:
        await jobs.look()
        await jobs.refresh()
        await jobs.idle()
        await jobs.tell()

    desk.run(work)
    assert len(desk.world.gateway.sent) == before
    assert desk.messenger.taken() == []
    assert Kind.UNOBSERVED in desk.kinds(), "what is stored is looked at all the same"


def test_reviews_are_kept_by_the_daemon_and_left_alone_while_the_store_is_locked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk, asked = Desk(), []
    monkeypatch.setattr(review_upkeep, "keep", lambda _, *, auto: asked.append(auto))
    desk.run(lambda jobs: jobs.review())
    desk.custody.locked = True
    desk.run(lambda jobs: jobs.review())
    assert asked == [False]


def test_never_two_at_once_never_the_same_again_and_the_loop_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    begun, may_end, threads = [], threading.Event(), set()

    def slowly(*_: object, **__: object) -> look.Looked:
        begun.append("look")
        threads.add(threading.current_thread().name)
        may_end.wait(60)
        return look.Looked((), (), {})

    monkeypatch.setattr(look, "at_all", slowly)

    async def work(jobs: Jobs) -> None:
        await jobs.look()
        await jobs.look()
        await jobs.tell()
        may_end.set()
        await jobs.idle()

    desk.run(work)
    assert begun == ["look"]
    assert threads == {"jobs_0"}


def test_alerts_do_not_wait_for_the_end_of_a_long_look(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.world.clock.sleep(8 * 86_400)
    telling, told_between = threading.Event(), []

    def slowly(_: object, going_on: Callable[[], bool], **__: object) -> look.Looked:
        telling.wait(60)
        assert going_on()
        told_between.extend(desk.messenger.taken())
        return look.Looked((), (), {})

    monkeypatch.setattr(look, "at_all", slowly)

    async def work(jobs: Jobs) -> None:
        await jobs.refresh()
        await jobs.idle()
        await jobs.look()
        await jobs.tell()
        telling.set()

    desk.run(work)
    assert told_between == ["chat"]
    assert desk.messenger.taken() == []


def test_a_job_that_fails_is_noted_and_comes_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk()
    calls = []

    def broken(*_: object, **__: object) -> look.Looked:
        calls.append(1)
        raise ValueError("FAKEsecret in a text")

    monkeypatch.setattr(look, "at_all", broken)

    async def work(jobs: Jobs) -> None:
        for _ in range(2):
            await jobs.look()
            await jobs.idle()

    with caplog.at_level(logging.WARNING):
        desk.run(work)
    assert len(calls) == 2
    assert "the job inspect keys failed: ValueError" in caplog.text
    assert "FAKEsecret" not in caplog.text


def test_what_a_rule_on_use_found_is_told_at_once_unless_it_is_known(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    now = desk.world.clock.now()
    item = Item(Kind.USE, Level.HIGH, "examplex/desk/bot", "hana uses it at night", now, "keyguard key show")
    findings.note(desk.world.ports, [item])
    told = []

    async def work(jobs: Jobs) -> None:
        writer = asyncio.get_running_loop().run_in_executor
        for news in (False, True):
            await writer(None, jobs.raise_alert, item, news)
            await asyncio.sleep(0)  # what it asked of the loop
            await jobs.idle()
            told.append(desk.messenger.taken())

    desk.run(work)
    assert told == [[], ["chat"]]
    assert caplog.text.count("hana uses it at night") == 1


def test_what_another_daemon_on_the_database_does_is_left_to_it() -> None:
    desk = Desk()
    desk.world.clock.sleep(8 * 86_400)
    before = len(desk.world.gateway.sent)

    async def work(jobs: Jobs) -> None:
        await jobs.refresh()
        await jobs.look()
        await jobs.tell()
        await jobs.idle()

    with desk.world.journal.alone("watch-look"), desk.world.journal.alone("watch-tell"):
        desk.run(work)
    assert len(desk.world.gateway.sent) == before
    assert desk.messenger.taken() == []
    desk.run(work)
    assert len(desk.world.gateway.sent) > before
    assert desk.messenger.taken() == ["chat"]


def test_the_log_is_sealed_where_that_is_due_and_the_store_is_open() -> None:
    desk = Desk()
    sealing: Any = log_ports()
    desk.world = SimpleNamespace(ports=sealing)  # type: ignore[assignment]
    desk.custody.locked = True
    desk.run(lambda jobs: jobs.seal())
    assert sealing.seals.last() is None
    desk.custody.locked = False
    for _ in range(2):
        desk.run(lambda jobs: jobs.seal())
        assert sealing.seals.checkpoint()[0] == 1


def test_a_key_that_was_said_to_be_deleted_is_asked_about() -> None:
    desk = Desk()
    desk.world = world = World("guided")
    world.person.lazy = True
    with pytest.raises(OutcomeUnknown):
        rotate(world.ports, "bot", Options(overlap_s=0), actor=ACTOR, process_alive=world.process_alive)
    world.clock.sleep(60)
    desk.run(lambda jobs: jobs.refresh())
    (found,) = [one.item for one in world.findings.all() if one.item.kind is Kind.WORKFLOW]
    assert "still answers at the venue" in found.text
    desk.custody.locked = True
    before = len(world.gateway.sent)
    desk.run(lambda jobs: jobs.refresh())
    assert len(world.gateway.sent) == before
