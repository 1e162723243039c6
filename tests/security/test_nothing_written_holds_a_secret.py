"""Promise 1: a secret exists in the store, in the process it was handed to, and nowhere else.

A desk's day with real processes, real storage and simulated venues; then every secret that existed is
looked for in everything that was written or could be seen.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pytest

from keyguard.demo.person import PersonAtUpbit
from keyguard.demo.venues import Website
from keyguard.scanner.engine import Engine
from keyguard.scanner.rulebook import load
from keyguard_simulators.accounts import Key
from keyguard_simulators.faults import FaultKind, FaultRule
from keyguard_simulators.wire import Answer, Call
from tests.cli.desk import (
    Desk,
    Done,
    answering,
    bybit_keys,
    deribit_keys,
    desk,
    kill,
    upbit_key,
    write_private,
)
from tests.security.exposures import Exposures, Processes
from tests.services import fixtures
from tests.services.keyring_session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

running_keyring, keyring = fixtures.running_keyring, fixtures.keyring

BYBIT, DERIBIT, UPBIT = "bybit/mm/bot", "deribit/mm/hedge", "upbit/mm/work"
LEAKED = {
    "bybit": 'API_KEY = "{}"\nAPI_SECRET = "{}"  # bybit\n',
    "deribit": 'DERIBIT_CLIENT_ID = "{}"\nDERIBIT_CLIENT_SECRET = "{}"\n',
}
BOT = "import os, sys; s = os.environ['BYBIT_API_SECRET']; print('got', s); print(s, file=sys.stderr)"


@dataclass
class Day:
    """One desk's day, watched."""

    desk: Desk
    exposures: Exposures = field(default_factory=Exposures)
    planted: list[str] = field(default_factory=list)
    hidden: set[Path] = field(default_factory=set)

    def type(self, *words: str, **settings: Any) -> Done:
        """Type a command; keep what it says and all files as they are after it."""
        done = self.desk.keyguard(*words, **settings)
        self.keep(done)
        return done

    def type_at_once(self, *commands: tuple[str, ...], expect: int = 0) -> None:
        """Type commands that change nothing, side by side; one after another with a real keyring.

        GNOME Keyring 42.1 now and then aborts when several programs come and go at once.
        """
        if self.desk.session:
            for words in commands:
                self.type(*words, expect=expect)
            return
        running = [(words, self.desk.start(*words)) for words in commands]
        for words, process in running:
            out, err = process.communicate(timeout=60)
            self.keep(Done(words, process.returncode, out, err))
            assert process.returncode == expect, (words, err)

    def keep(self, done: Done) -> None:
        self.exposures.add(f"stdout of {done.words}", done.out)
        self.exposures.add(f"stderr of {done.words}", done.err)
        self.exposures.add_files(self.desk.folder, self.hidden)

    def add(self, name: str, key: Key, expect: int = 0) -> None:
        self.keep(self.desk.add(name, key, expect=expect))

    def trip(self, venue: str, kind: FaultKind, operation: str) -> None:
        """Let the next call of an operation go wrong."""
        self.desk.venues.venues[venue].state.faults.add(FaultRule(kind, operation))

    def plant(self, secret: str) -> str:
        self.planted.append(secret)
        return secret

    def secrets(self) -> set[str]:
        """Every secret there is or was: planted, made by a venue, ours."""
        found = {*self.planted, self.desk.passphrase}
        for venue in self.desk.venues.venues.values():
            found |= {key.secret for key in venue.state.book.keys.values()}
            found |= {account.totp_secret for account in venue.state.book.accounts.values()}
        with self.desk.opened() as ports:
            system = [name for name in ports.secrets.names() if name.startswith("system/")]
            found |= {ports.secrets.get(name).reveal() for name in system}
        assert len(system) >= 2
        return found - {""}


@pytest.fixture(params=["file", "os-keyring"])
def day(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    session = {}
    if request.param == "os-keyring":
        running: Session = request.getfixturevalue("keyring")
        session = {"DBUS_SESSION_BUS_ADDRESS": running.address}
    with desk(tmp_path, session=session, impatient=bool(session), real=not session) as opened:
        watched = Day(opened)
        watched.hidden |= {opened.passphrase_file, opened.work}
        watched.keep(opened.init(request.param))
        with Processes(watched.exposures):
            yield watched


@pytest.mark.timeout(300)
def test_a_whole_day(day: Day) -> None:
    enrolled_and_refused(day)
    found_and_imported(day)
    looked_at(day)
    unmasked = handed_out(day)
    rotated(day)
    revoked(day)
    looked_at(day)

    existed = day.secrets()
    assert len(existed) >= 20
    assert day.exposures.leaks(existed) == []

    day.exposures.add("what --no-mask shows", unmasked)
    assert day.exposures.leaks(existed), "the search itself would have found a leak"


def enrolled_and_refused(day: Day) -> None:
    venues = day.desk.venues.venues
    for venue, keys in (("bybit", bybit_keys), ("deribit", deribit_keys)):
        bot, manager = recognisable(venue, partial(keys, venues[venue]))
        write_private(day.desk.folder / f"{venue}.key", f"{bot.public_id} {bot.secret}")
        day.hidden.add(day.desk.folder / f"{venue}.key")
        if venue == "bybit":
            day.trip(venue, FaultKind.MALFORMED, "/v5/user/query-api")
            day.add("bybit/ops/manager", manager, expect=4)
        day.add(f"{venue}/ops/manager", manager)
    wrong = day.plant("FAKEwrong" + secrets.token_hex(16))
    words = ("key", "add", "bybit", "--desk", "x", "--label", "y", "--stdin")
    day.type(*words, sent=json.dumps({"key": bot.public_id, "secret": wrong}), expect=4)
    day.type(*words, sent=f'{{"key": "FAKE", "secret": "{wrong}"', expect=2)
    day.type(*words, sent=json.dumps({"key": "FAKE", "secret": wrong + " \n"}), expect=2)
    day.type(*words, sent=json.dumps({"key": "FAKE", "secret": [wrong], wrong: wrong}), expect=2)


def recognisable(venue: str, issue: Callable[[], tuple[Key, Key]]) -> tuple[Key, Key]:
    """Issue keys until the bot's is no placeholder to the scanner, as one of a hundred is."""
    engine = Engine(load())
    while True:
        bot, manager = issue()
        found = engine.scan(LEAKED[venue].format(bot.public_id, bot.secret).encode(), "leaked.py")
        if [len(finding.parts) for finding in found] == [2]:
            return bot, manager


def found_and_imported(day: Day) -> None:
    work, venues = day.desk.work, day.desk.venues.venues

    def pair(venue: str) -> list[str]:
        return (day.desk.folder / f"{venue}.key").read_text().split()

    upbit = upbit_key(venues["upbit"])
    git(day, "init", "-q", "-b", "main")
    (work / "hedge.py").write_text(LEAKED["deribit"].format(*pair("deribit")))
    (work / "bot.py").write_text(LEAKED["bybit"].format(*pair("bybit")))
    (work / ".env").write_text(f"UPBIT_ACCESS_KEY={upbit.public_id}\nUPBIT_SECRET_KEY={upbit.secret}\n")
    git(day, "add", "bot.py", "hedge.py")
    git(day, "commit", "-q", "-m", "first")
    git(day, "rm", "-q", "hedge.py")
    git(day, "commit", "-q", "-m", "second")
    formats = [("scan", "--format", report) for report in ("text", "json", "sarif")]
    past = ("scan", "--history", "--format", "sarif", "-o", "../past.sarif")
    day.type_at_once(*formats, past, expect=1)
    words = ("key", "import", "bot.py", ".env", "../past.sarif", "--desk", "mm")
    done = day.type(*words, "--replace", "--json")
    assert {"bot.py", ".env"} <= {path.rpartition("/")[2] for path in done.json["replaced"]}
    day.hidden -= {work}
    day.hidden.add(work / ".git")  # it held them before, and history is not ours to rewrite
    day.type("scan")


def looked_at(day: Day) -> None:
    day.type_at_once(
        ("key", "list", "--json"),
        ("key", "show", BYBIT),
        ("key", "inspect", DERIBIT, "--json"),
        ("log", "show", "--json"),
        ("workflow", "list", "--json"),
        ("doctor",),
        ("store", "status"),
    )


def handed_out(day: Day) -> str:
    done = day.type("run", BYBIT, "--", sys.executable, "-c", BOT)
    assert "got " in done.out
    return day.desk.keyguard("run", BYBIT, "--no-mask", "--", sys.executable, "-c", BOT).out


def rotated(day: Day) -> None:
    day.trip("bybit", FaultKind.TIMEOUT_AFTER, "/v5/user/create-sub-api")
    unknown = day.type("key", "rotate", BYBIT, "--reason", "leak", expect=5)
    resumed(day, unknown)
    day.trip("bybit", FaultKind.MALFORMED, "/v5/user/create-sub-api")
    unknown = day.type("key", "rotate", BYBIT, "--json", expect=5)
    day.type("workflow", "show", workflow_in(unknown), "--json")
    resumed(day, unknown)
    killed_halfway(day)
    day.desk.venues.venues["deribit"].state.switches.list_shows_secrets = True
    day.type("key", "rotate", DERIBIT, "--reason", "leak")
    guided(day)


def revoked(day: Day) -> None:
    day.type("key", "revoke", BYBIT, "--reason", "leaver")
    day.type("run", BYBIT, "--", "true", expect=2)
    if day.desk.session == {}:
        other = write_private(day.desk.folder / "other", day.plant("FAKE" + secrets.token_urlsafe(24)))
        day.hidden.add(other)
        day.type("key", "inspect", DERIBIT, "--passphrase-file", str(other), expect=3)


def killed_halfway(day: Day) -> None:
    """Killed when the new secret is on its way, which the journal does not have yet; then resumed."""
    before = day.desk.impatient, day.desk.real
    day.desk.impatient, day.desk.real = True, False
    venue = day.desk.venues.venues["bybit"]

    def deadly(call: Call, answer: Callable[[Call], Answer]) -> Answer:
        made = answer(call)
        if call.path in ("/v5/user/create-sub-api", "/v5/user/delete-sub-api"):
            kill(process)
            process.wait()
        return made

    with answering(venue, deadly):
        for words in (("key", "rotate", BYBIT), ("workflow", "resume", "{}"), ("workflow", "resume", "{}")):
            workflow = (day.desk.unfinished() or [""])[0]
            process = day.desk.start(*(word.format(workflow) for word in words))
            out, err = process.communicate()
            day.keep(Done(words, process.returncode, out, err))
            assert process.returncode == -9
    day.type("workflow", "resume", day.desk.unfinished()[0])
    day.desk.impatient, day.desk.real = before


def guided(day: Day) -> None:
    """Upbit has no key management by API: a person pastes the new key into stdin."""
    (account,) = day.desk.venues.venues["upbit"].state.book.accounts
    person = PersonAtUpbit(Website(day.desk.venues.urls["upbit"]), account)
    words = ("key", "rotate", UPBIT, "--needs", "read,trade_spot", "--ips", "127.0.0.1")
    process = day.desk.start(*words)
    assert process.stdin
    assert process.stderr
    told = []
    for line in process.stderr:
        told.append(line)
        if (answer := person(line)) is not None:
            process.stdin.write(answer + "\n")
            process.stdin.flush()
    out, _ = process.communicate()
    assert process.returncode == 0, told
    day.keep(Done(words, 0, out, "".join(told)))


def workflow_in(done: Done) -> str:
    """The workflow the hint names."""
    return done.errors[-1].partition("workflow resume ")[2].strip("`").split()[0]


def resumed(day: Day, unknown: Done) -> None:
    day.type("workflow", "resume", workflow_in(unknown))


def git(day: Day, *words: str) -> None:
    nobody = ("-c", "user.name=desk", "-c", "user.email=desk@desk.test")
    subprocess.run(
        ["git", *nobody, *words], cwd=day.desk.work, env=day.desk.environment(), check=True, timeout=30
    )
