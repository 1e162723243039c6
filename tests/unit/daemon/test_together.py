from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from keyguard.core.errors import StoreError, UsageError
from keyguard.daemon.together import Together


def run(work, submit, most=256):
    """Run `submit(together)` on a loop; the work is done in one thread."""

    async def main():
        with ThreadPoolExecutor(1) as executor:
            return await submit(Together(work, executor, most))

    return asyncio.run(main())


def test_what_comes_in_while_it_works_is_worked_on_together():
    batches, begun, go_on = [], threading.Event(), threading.Event()

    def work(items):
        batches.append(list(items))
        begun.set()
        go_on.wait(60)
        return [item * 10 for item in items]

    async def submit(together):
        first = together.submit(0)
        await asyncio.get_running_loop().run_in_executor(None, begun.wait, 60)
        rest = [together.submit(number) for number in range(1, 6)]
        go_on.set()
        answers = await asyncio.gather(first, *rest)
        await together.idle()
        return answers

    assert run(work, submit, most=3) == [0, 10, 20, 30, 40, 50]
    assert batches == [[0], [1, 2, 3], [4, 5]]


def test_one_refusal_is_raised_to_who_asked_and_a_failure_to_all():
    def work(items):
        if "fail" in items:
            raise StoreError("full", code="database.full")
        return [UsageError("no", code="x") if item == "no" else item for item in items]

    async def submit(together):
        answers = await asyncio.gather(
            together.submit("a"), together.submit("no"), together.submit("b"), return_exceptions=True
        )
        with pytest.raises(StoreError):
            await asyncio.gather(together.submit("c"), together.submit("fail"))
        return [*answers, await together.submit("d")]

    first, refused, second, last = run(work, submit)
    assert (first, second, last) == ("a", "b", "d")
    assert refused.code == "x"


def test_who_has_gone_is_not_answered():
    async def submit(together):
        gone, there = together.submit(1), together.submit(2)
        gone.cancel()
        return await there

    assert run(lambda items: list(items), submit) == 2
