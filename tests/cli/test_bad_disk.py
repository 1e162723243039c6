"""A full or read-only disk under the home: real commands refuse, lose nothing, and go on when mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keyguard_simulators.wire import Answer, Call
from tests.cli.desk import IMPATIENT, Desk, answering, bybit_keys, desk
from tests.cli.disks import SmallDisk, small_disk
from tests.cli.state import at_venues, said_clearly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BOT = "bybit/mm/bot"
WHICH = ("run", BOT, "--", "sh", "-c", "echo $BYBIT_API_KEY")


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    with small_disk(tmp_path_factory.mktemp("small") / "disk") as mounted:
        yield mounted


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, disk: SmallDisk) -> Iterator[Desk]:
    """A desk whose home lies on the small disk, with a bot's and a manager's key."""
    with desk(tmp_path_factory.mktemp("desk"), program=IMPATIENT, before=disk.before) as opened:
        opened.home = disk.path / "home"
        opened.init(cheap=False)
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add("bybit/ops/manager", manager)
        opened.add(BOT, bot)
        yield opened


@pytest.fixture
def full(disk: SmallDisk) -> Iterator[SmallDisk]:
    disk.fill()
    yield disk
    disk.free()


def contents(disk: SmallDisk) -> dict[str, bytes]:
    """What the home's files hold; SQLite's shared memory is made anew, an empty log holds nothing."""
    paths = [path for path in (disk.seen / "home").rglob("*") if path.is_file()]
    return {path.name: data for path in paths if path.suffix != ".db-shm" and (data := path.read_bytes())}


def converged(ready: Desk) -> None:
    """What is handed out is the one key the bot has at the venue."""
    for workflow in ready.keyguard("workflow", "list", "--json").json:
        if not workflow["finished"]:
            ready.keyguard("workflow", "resume", workflow["id"])
    given = ready.keyguard(*WHICH).out.strip()
    book = ready.venues.venues["bybit"].state.book
    assert [key.public_id for key in book.listed(book.keys[given].account)] == [given]


def test_init_on_a_full_disk_can_be_repeated(ready: Desk, full: SmallDisk) -> None:
    elsewhere = ("--home", str(full.path / "other"))
    said_clearly(ready.keyguard(*elsewhere, "init", "--store", "file", expect=3))
    assert not (full.seen / "other" / "config.toml").exists()
    full.free()
    ready.keyguard(*elsewhere, "init", "--store", "file")
    assert ready.keyguard(*elsewhere, "key", "list", "--json").json == []


def test_nothing_is_handed_out_that_cannot_be_recorded(ready: Desk, full: SmallDisk, tmp_path: Path) -> None:
    """Promise 2."""
    marker = tmp_path / "started"
    before = contents(full)
    done = ready.keyguard("run", BOT, "--", "touch", str(marker), expect=3)
    said_clearly(done)
    assert not marker.exists()
    assert contents(full) == before


def test_a_key_that_cannot_be_stored_is_not_half_there(ready: Desk, full: SmallDisk) -> None:
    spare, _ = bybit_keys(ready.venues.venues["bybit"])
    before = contents(full)
    said_clearly(ready.add("bybit/mm/spare", spare, expect=3))
    assert contents(full) == before
    full.free()
    ready.add("bybit/mm/spare", spare)


def test_a_rotation_on_a_full_disk_is_not_begun(ready: Desk, full: SmallDisk) -> None:
    before = contents(full), at_venues(ready)
    said_clearly(ready.keyguard("key", "rotate", BOT, expect=3))
    assert (contents(full), at_venues(ready)) == before
    full.free()
    converged(ready)


@pytest.mark.parametrize("path", ["/v5/user/create-sub-api", "/v5/user/query-api", "/v5/user/delete-sub-api"])
def test_a_disk_that_fills_up_in_the_middle_of_a_rotation(ready: Desk, disk: SmallDisk, path: str) -> None:
    """The old key is deleted at the venue only when its replacement works; all converges afterwards."""
    old = ready.keyguard(*WHICH).out.strip()
    book = ready.venues.venues["bybit"].state.book

    def filling(call: Call, answer: Callable[[Call], Answer]) -> Answer:
        made = answer(call)
        if call.path == path:
            disk.fill()
        return made

    try:
        with answering(ready.venues.venues["bybit"], filling):
            done = ready.keyguard("key", "rotate", BOT, expect=3)
        said_clearly(done)
        assert book.keys[old].deleted == (path == "/v5/user/delete-sub-api")
    finally:
        disk.free()
    converged(ready)


def test_a_read_only_home(ready: Desk, disk: SmallDisk, tmp_path: Path) -> None:
    """Nothing can be recorded, so nothing is done; but the evidence can be read."""
    marker = tmp_path / "started"
    before = contents(disk), at_venues(ready)
    with disk.read_only():
        for words in (
            ("run", BOT, "--", "touch", str(marker)),
            ("key", "rotate", BOT),
            ("init",),
            ("--home", str(disk.path / "third"), "init", "--store", "file"),
        ):
            said_clearly(ready.keyguard(*words, expect=3))
        ready.keyguard("log", "verify")
    assert not marker.exists()
    assert (contents(disk), at_venues(ready)) == before


def test_a_limit_of_file_size_is_met_like_a_full_disk(tmp_path: Path) -> None:
    """What needs no mount: every user can try this."""
    with desk(tmp_path, program=IMPATIENT) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add("bybit/ops/manager", manager)
        opened.add(BOT, bot)
        limit = str(4096 // 512)
        opened.before = ("sh", "-c", f'ulimit -f {limit}; exec "$@"', "sh")
        marker = tmp_path / "started"
        for words in (("run", BOT, "--", "touch", str(marker)), ("key", "rotate", BOT)):
            said_clearly(opened.keyguard(*words, expect=3))
        assert not marker.exists()
        opened.before = ()
        converged(opened)
        opened.keyguard("log", "verify")
