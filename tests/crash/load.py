"""A desk at work that is killed at random moments: commands rotate keys, bots take keys from a daemon.

All are real processes on a real database, file store and simulated venues; commands wait a hundredth of
their waits (`tests/cli/nursery.py`), so that a death is not mostly one while waiting.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from keyguard.client import Client
from keyguard.core.errors import KeyguardError
from keyguard.workflows.enrol import orphans
from keyguard_simulators.accounts import Key
from keyguard_simulators.venue import KeyForm, Venue
from tests.cli.desk import TIME_LIMIT_S, Desk, Process, bybit_keys, deribit_keys, kill

LANES = (("bybit/mm/bot0", "bybit/mm/bot1"), ("deribit/mm/hedge", "bybit/mm/bot2"))
"""Keys that are worked on one after the other; both lanes are at work at the same time."""
MANAGERS = {"bybit": "bybit/ops/manager", "deribit": "deribit/ops/manager"}
_TOO_LATE = 2
_TRIES = 8


@dataclass
class Load:
    """`kills` of commands are made, and one of the daemon for every `daemon_every` of them."""

    desk: Desk
    seed: int
    kills: int
    daemon_every: int = 20
    killed: Counter[str] = field(default_factory=Counter)
    at: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    leases: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    daemon_deaths: int = 0
    rotations: int = 0

    def __post_init__(self) -> None:
        self.sites: dict[str, Venue] = {name: self.desk.venues.venues[name] for name in MANAGERS}
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._took = [0.3]
        self._chance = Random(self.seed)
        self._furnish()
        for site in self.sites.values():
            self._look_on(site)

    def run(self) -> None:
        """Work until so many kills were made; then let everything come to its end and look at it."""
        seeds = [self._chance.random() for _ in LANES]
        with self._daemon(), contextlib.ExitStack() as bots:
            for name in (LANES[0][0], LANES[1][0]):
                bots.enter_context(self._thread(self._take_keys, name))
            bots.callback(self._over.set)
            lanes = [
                threading.Thread(target=self._lane, args=(keys, Random(seed)))
                for keys, seed in zip(LANES, seeds, strict=True)
            ]
            for lane in lanes:
                lane.start()
            for lane in lanes:
                lane.join()
            for keys in LANES:
                for name in keys:
                    self._converge(name)
        self._look_at_all()

    # --- the commands

    def _lane(self, keys: tuple[str, ...], chance: Random) -> None:
        try:
            while sum(self.killed.values()) < self.kills and not self.wrong:
                name = chance.choice(keys)
                mortal = chance.random() < 0.8
                words = self._next(name, chance)
                status = self._command(words, chance.random() if mortal else None)
                if status == -9:
                    open_one = self._unfinished(name)
                    self.at[open_one[1] if open_one else "none open"] += 1
                elif status == 0:
                    self.rotations += words[0] == "key"
                    self._look_at(name)
        except Exception as error:
            self.wrong.append(f"{type(error).__name__}: {error}")

    def _next(self, name: str, chance: Random) -> tuple[str, ...]:
        if (open_one := self._unfinished(name)) is None:
            return ("key", "rotate", name, "--overlap", "0s", "--manager", MANAGERS[name.split("/")[0]])
        return ("workflow", "cancel" if chance.random() < 0.2 else "resume", open_one[0])

    def _command(self, words: tuple[str, ...], fate: float | None) -> int:
        """Run it, or kill it after a share of the time that such commands take; its status."""
        began = time.perf_counter()
        process = self.desk.start(*words)
        if fate is not None:
            timer = threading.Timer(fate * 1.1 * sorted(self._took)[len(self._took) // 2], kill, (process,))
            timer.start()
        out, err = process.communicate(timeout=TIME_LIMIT_S)
        if fate is not None:
            timer.cancel()
        with self._lock:
            if process.returncode == -9:
                self.killed[words[1]] += 1
            else:
                self._took = [*self._took[-20:], time.perf_counter() - began]
        if process.returncode not in (-9, 0, 4, 5) and not (
            process.returncode == _TOO_LATE and words[1] == "cancel"
        ):
            self.wrong.append(f"{words} ended with {process.returncode}: {out} {err}")
        return int(process.returncode or 0)

    def _converge(self, name: str) -> None:
        """Resume without a person until nothing is open."""
        for _ in range(_TRIES):
            if (open_one := self._unfinished(name)) is None:
                return self._look_at(name)
            self._command(("workflow", "resume", open_one[0]), None)
        self.wrong.append(f"{name} never came to an end: {self._unfinished(name)}")
        return None

    # --- the daemon, and bots that take keys from it

    @contextlib.contextmanager
    def _daemon(self) -> Iterator[None]:
        stopping = threading.Event()
        process = self._serve()

        def reign() -> None:
            nonlocal process
            due = self.daemon_every
            while not stopping.wait(0.05):
                if sum(self.killed.values()) >= due:
                    due += self.daemon_every
                    self._end(process)
                    self.daemon_deaths += 1
                    process = self._serve()

        with self._thread(reign):
            try:
                yield
            finally:
                stopping.set()
        self._end(process)

    def _serve(self) -> Process:
        process = self.desk.start("daemon", "run", "--passphrase-file", str(self.desk.passphrase_file))
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "serves" in line, line
        return process

    @staticmethod
    def _end(process: Process) -> None:
        kill(process)
        process.communicate(timeout=TIME_LIMIT_S)

    @contextlib.contextmanager
    def _thread(self, target: Any, *arguments: str) -> Iterator[None]:
        thread = threading.Thread(target=target, args=arguments)
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def _take_keys(self, name: str) -> None:
        """Take a key again and again; half of the leases are ended. A daemon that died comes back."""
        while not self._over.wait(0.05):
            with contextlib.suppress(KeyguardError), Client(self.desk.home) as keys:
                while not self._over.wait(0.05):
                    key = keys.get(name, fresh=True)
                    self.leases.add(key.lease)
                    if len(self.leases) % 2:
                        keys.end(key)
                        self.ended.add(key.lease)

    # --- what must be so

    def _look_on(self, site: Venue) -> None:
        """At every deletion: a key in use ends only when another is stored, proven and in use."""
        ends = site.state.delete

        def ending(key: Key, now_ms: int) -> None:
            with self._database() as database:
                found = database.execute(
                    "SELECT key_id, status FROM versions WHERE public_id = ?", (key.public_id,)
                ).fetchone()
                proven = (
                    found
                    and database.execute(
                        "SELECT 1 FROM versions v JOIN observations o ON o.version_id = v.id "
                        "WHERE v.key_id = ? AND v.status = 'live' AND v.public_id <> ?",
                        (found[0], key.public_id),
                    ).fetchone()
                )
            if found and found[1] != "staged" and not proven:
                self.wrong.append(f"{key.label} was deleted before its replacement was proven ({found[1]})")
            ends(key, now_ms)

        site.state.delete = ending  # type: ignore[method-assign]

    def _look_at(self, name: str) -> None:
        """One live version, which the venue knows and the store holds; all others are dead."""
        with self._database() as database:
            versions = dict(
                database.execute(
                    "SELECT public_id, status FROM versions "
                    "WHERE key_id IN (SELECT id FROM keys WHERE label = ?)",
                    (name.split("/")[2],),
                ).fetchall()
            )
        live = [public_id for public_id, status in versions.items() if status == "live"]
        if len(live) != 1 or set(versions.values()) - {"live", "dead"}:
            self.wrong.append(f"{name}: {versions}")
            return
        held = self.desk.stored(name)
        book = self.sites[name.split("/")[0]].state.book.keys
        mine = book[live[0]]
        working = {
            k.public_id for k in book.values() if k.account == mine.account and k.enabled and not k.deleted
        }
        if working - self._managing != {live[0]}:
            self.wrong.append(f"{name}: at the venue {working} work, {live} is known")
        if held != (live[0], mine.secret):
            self.wrong.append(f"{name}: the store holds another secret")

    def _look_at_all(self) -> None:
        with self.desk.opened() as ports:
            if ports.journal.workflows(unfinished=True):
                self.wrong.append("workflows are left open")
            every = ports.inventory.keys()
            known = [v for key in every for v in ports.inventory.versions(key.id)]
            kept = {name for name in ports.secrets.names() if name.startswith("version/")}
            if kept != {v.item for v in known if v.status.value == "live"} or orphans(ports):
                self.wrong.append("the store holds more or less than the keys in use")
            self.records = ports.audit.verify().records
        with self._database() as database:
            (left,) = database.execute("SELECT count(*) FROM calls").fetchone()
            leases = dict(database.execute("SELECT id, ended_at FROM leases").fetchall())
            (self.handed,) = database.execute(
                'SELECT count(*) FROM audit_records WHERE instr(record, \'"type":"handout"\')'
            ).fetchone()
        if left:
            self.wrong.append(f"{left} sealed replies are left in the journal")
        if not self.leases <= leases.keys() or self.handed != len(leases):
            self.wrong.append(f"{len(leases)} leases, {self.handed} records, {len(self.leases)} received")
        if not all(leases[one] for one in self.ended):
            self.wrong.append("a lease that was said to have ended still runs")

    # --- helpers

    def _furnish(self) -> None:
        self.desk.init("file")
        self._managing: set[str] = set()
        for venue, keys in (("bybit", bybit_keys), ("deribit", deribit_keys)):
            bot, manager = keys(self.sites[venue])
            self._managing.add(manager.public_id)
            self.desk.add(MANAGERS[venue], manager)
            self.desk.add("bybit/mm/bot0" if venue == "bybit" else "deribit/mm/hedge", bot)
        site = self.sites["bybit"]
        master = next(k.account for k in site.state.book.keys.values() if k.public_id in self._managing)
        for label in ("bot1", "bot2"):
            account = site.open_account(label, master)
            made = site.issue(KeyForm(account.id, {"ContractTrade": ["Order", "Position"]}, (), label))
            self.desk.add(f"bybit/mm/{label}", made)

    def _unfinished(self, name: str) -> Any:
        with self._database() as database:
            return database.execute(
                "SELECT w.id, w.state FROM workflows w JOIN keys k ON k.id = w.key_id "
                "WHERE NOT w.finished AND k.label = ?",
                (name.split("/")[2],),
            ).fetchone()

    @contextlib.contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        path = self.desk.home / "keyguard.db"
        with contextlib.closing(sqlite3.connect(path, timeout=TIME_LIMIT_S)) as database:
            yield database
