"""Slow work beside the hand-outs: looking at keys at their venues, telling people. One thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from keyguard.core.alerts import Manners
from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.findings import Item
from keyguard.daemon.connection import where
from keyguard.daemon.custody import Custody
from keyguard.daemon.leaks import Leaks
from keyguard.daemon.sealing import Sealing
from keyguard.ports.all import Ports
from keyguard.ports.channels import Messenger
from keyguard.workflows import alerting, findings, look, reminders, review_upkeep, use_checks
from keyguard.workflows import refresh as renewal

_LOG = logging.getLogger(__name__)


class Jobs:
    """Belongs to one event loop, which it never keeps waiting: its methods only begin the work.

    A job that is still under way is not begun again. While the store is locked nobody is asked or told.
    """

    def __init__(
        self,
        ports: Ports,
        custody: Custody,
        messenger: Messenger,
        manners: Manners,
        inspect_s: int,
        folders: tuple[str, ...] = (),
        leaked: Callable[[str], None] = lambda _: None,
        checkpoint_to: str = "",
        opens_reviews: bool = False,
    ) -> None:
        self._ports = ports
        self._custody = custody
        self._messenger = messenger
        self._manners = manners
        self._opens_reviews = opens_reviews
        self._fresh = timedelta(seconds=inspect_s) / 2
        self._thread = ThreadPoolExecutor(1, "jobs")
        self._ending = threading.Event()
        self._telling = threading.Event()
        self._under_way: dict[str, asyncio.Future[None]] = {}
        self._loop = asyncio.get_running_loop()
        self._sealing = Sealing(ports, messenger, checkpoint_to)
        self._leaks = Leaks(ports, folders, self.tell_soon, leaked)

    async def look(self) -> None:
        """Begin to inspect every key that was not inspected lately."""
        self._begin("inspect keys", self._look)

    async def renew(self) -> None:
        """Begin to replace the access tokens that end soon."""
        self._begin("refresh sign-ins", self._renew)

    async def refresh(self) -> None:
        """Begin to bring the findings up to what is stored."""
        self._begin("refresh findings", self._refresh)

    async def review(self) -> None:
        """Begin to open the reviews that are due, and to record what silence has suspended."""
        self._begin("keep reviews", self._review)

    async def seal(self) -> None:
        """Begin to seal the log where that is due."""
        self._begin("seal the log", self._seal)

    async def tell(self) -> None:
        """Begin to send the alerts that are due."""
        self._tell_now()

    def news(self) -> None:
        """A workflow ended or stands still: look what people must know of it; from any thread."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._look_at_stored)

    def _look_at_stored(self) -> None:
        self._begin("refresh findings", self._refresh_and_tell)

    def _refresh_and_tell(self) -> None:
        findings.refresh(self._ports)
        self.tell_soon()

    def raise_alert(self, found: Item, news: bool) -> None:
        """A rule on use was hit; from any thread. What people know of is said again at its own pace."""
        use_checks.log_alert(found, news)
        if news:
            self.tell_soon()

    def tell_soon(self) -> None:
        """Send the alerts that are due; from any thread. Nothing where the loop has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell_now)

    def _tell_now(self) -> None:
        self._telling.set()  # a look that is under way sees to it between two keys
        self._begin("send alerts", self._tell)

    async def watch(self) -> None:
        """Begin to watch the folders that are not watched yet."""
        self._begin("watch folders", self._leaks.watch)

    async def idle(self) -> None:
        """Return when nothing is under way."""
        while self._under_way:
            await asyncio.wait(list(self._under_way.values()))

    async def close(self) -> None:
        """Finish the call to a venue or a channel that is under way, begin no more."""
        self._ending.set()
        await self.idle()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._leaks.stop)
        await loop.run_in_executor(None, self._thread.shutdown)

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        if name in self._under_way or self._ending.is_set():
            return

        def ended(done: asyncio.Future[None]) -> None:
            del self._under_way[name]
            error = None if done.cancelled() else done.exception()
            if isinstance(error, KeyguardError):
                _LOG.warning("the job %s failed: %s", name, error.code)
            elif error is not None:
                _LOG.error("the job %s failed: %s", name, where(error))

        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        self._under_way[name] = running
        running.add_done_callback(ended)

    # --- in the thread ----------------------------------------------------------------------------

    def _look(self) -> None:
        if self._custody.locked:
            return
        since = self._ports.clock.now() - self._fresh
        with _alone(self._ports, "watch-look") as alone:
            if alone:
                seen = look.at_all(self._ports, self._going_on, since=since)
                _LOG.info(
                    "inspected %d keys; %d could not be asked", len(seen.inspections), len(seen.unasked)
                )

    def _refresh(self) -> None:
        try:
            if not self._custody.locked:
                reminders.ask_again(self._ports, self._going_on)
        finally:
            findings.refresh(self._ports)

    def _review(self) -> None:
        if self._custody.locked:
            return
        with _alone(self._ports, "watch-reviews") as alone:
            if alone and review_upkeep.keep(self._ports, auto=self._opens_reviews):
                self._refresh_and_tell()

    def _renew(self) -> None:
        if self._custody.locked:
            return
        with _alone(self._ports, "watch-renew") as alone:
            if alone:
                for name, why in renewal.refresh_due(self._ports).items():
                    _LOG.warning("the sign-in %s was not refreshed: %s", name, why)

    def _seal(self) -> None:
        if not self._custody.locked:
            self._sealing.keep()

    def _going_on(self) -> bool:
        self._tell()
        return not self._ending.is_set() and not self._custody.locked

    def _tell(self) -> None:
        if not self._telling.is_set() or self._ending.is_set():
            return
        self._telling.clear()
        if self._custody.locked:
            return
        with _alone(self._ports, "watch-tell") as alone:
            if alone:
                alerting.tell(self._ports, self._messenger, self._manners)


@contextlib.contextmanager
def _alone(ports: Ports, name: str) -> Iterator[bool]:
    """Whether no other daemon on this database does this now; none begins it meanwhile."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(ports.journal.alone(name))
        except UsageError as error:
            if error.code != "workflow.busy":
                raise
            yield False
            return
        yield True
