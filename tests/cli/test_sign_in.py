"""`keyguard key sign-in`, `key refresh`, `key sign-out`: real processes, a simulated venue."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from keyguard.gateway.clock import SystemClock
from keyguard.workflows import credentials, sign_in_journal
from keyguard.workflows.enrol import Declared
from keyguard.workflows.sign_in_journal import Begun
from keyguard_simulators.authority import App
from keyguard_simulators.venue import KeyForm
from tests.cli.desk import TIME_LIMIT_S, Desk, desk
from tests.simulators.clients import Sent, send

SCOPES = "balances:read,orders:read"
WORDS = ("key", "sign-in", "gemini", "--desk=mm", "--label=app", "--client-id=FAKE-app")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("oauth")) as opened:
        opened.init()
        site: Any = opened.venues.venues["gemini"]
        account = site.open_account("firm", "").id
        site.authority.register(
            App("FAKE-app", ("http://127.0.0.1/keyguard",), frozenset(SCOPES.split(",")), account)
        )
        yield opened


def signed_in(ready: Desk, *words: str, sent: str = "") -> tuple[int, str, str]:
    """Run the command, open the page it shows, follow the redirect."""
    process = ready.start(*(words or (*WORDS, f"--scopes={SCOPES}")))
    process.stdin.write(sent)
    process.stdin.flush()
    said, page = "", ""
    for line in process.stderr:
        said += line
        if found := re.fullmatch(r"(http://127\.0\.0\.1:\d+\S*/auth\?\S+)\n", line):
            page = found[1]
            break
    back = send(Sent("GET", page, {}, b"")).headers["location"]
    assert send(Sent("GET", back, {}, b"")).status == 200
    out, err = process.communicate(timeout=TIME_LIMIT_S)
    return process.returncode, out, said + err


def aged(ready: Desk) -> str:
    """Let the access token have ended, as far as this home knows; return it."""
    with ready.opened() as ports:
        version = ports.inventory.live_version(ports.inventory.find_key("gemini/mm/app").id)
        held = credentials.load(ports, version)
        past = replace(held.tokens, expires_at=ports.clock.now() - timedelta(seconds=1))
        credentials.store_next(ports, version, replace(held, tokens=past))
        return held.secret.reveal()


def test_from_the_page_to_the_end(ready: Desk) -> None:
    status, out, err = signed_in(ready)
    assert status == 0, err
    assert "gemini/mm/app" in out
    name, token = ready.stored("gemini/mm/app")
    assert name.startswith("oauth-")
    assert token not in out + err
    shown = ready.keyguard("key", "show", "gemini/mm/app").out
    assert "oauth, simulated" in shown
    assert "expires" in shown
    assert token not in shown

    told = ready.keyguard("--json", "key", "refresh", "gemini/mm/app").json
    assert told["key"] == "gemini/mm/app"
    fresh = ready.stored("gemini/mm/app")
    assert fresh[0] == name
    assert fresh[1] != token

    before = aged(ready)
    ready.keyguard("run", "gemini/mm/app", "--", sys.executable, "-c", "pass")
    assert ready.stored("gemini/mm/app")[1] != before
    after = ready.stored("gemini/mm/app")
    ready.keyguard("run", "gemini/mm/app", "--", sys.executable, "-c", "pass")
    assert ready.stored("gemini/mm/app") == after

    assert "oauth.kind" not in ready.keyguard("key", "inspect", "gemini/mm/app").err
    ready.keyguard("key", "rotate", "gemini/mm/app", expect=2)

    done = ready.keyguard("key", "sign-out", "gemini/mm/app", "--reason", "leaver")
    assert "refused" in done.out
    assert ready.statuses("gemini/mm/app") == ["dead"]
    ready.keyguard("log", "verify")


def test_an_apps_secret_is_a_line_of_stdin_and_shown_nowhere(ready: Desk) -> None:
    site: Any = ready.venues.venues["coinbase"]
    app = App(
        "FAKE-app",
        ("http://127.0.0.1/keyguard",),
        frozenset({"wallet:user:read"}),
        site.open_account("firm", "").id,
        "FAKEofTheApp",
    )
    site.authority.register(app)
    words = ("key", "sign-in", "coinbase", "--desk=mm", "--label=app", "--client-id=FAKE-app")
    asked = ("--scopes=wallet:user:read", "--client-secret")
    status, out, err = signed_in(ready, *words, *asked, sent="FAKEofTheApp\n")
    assert status == 0, err
    assert "coinbase/mm/app" in out
    assert "FAKEofTheApp" not in out + err
    assert "for development only" in err


def test_a_session_is_opened_with_a_key(ready: Desk) -> None:
    site: Any = ready.venues.venues["deribit"]
    key = site.issue(KeyForm(site.open_account("firm", "").id, "account:read trade:read_write"))
    given = json.dumps({"key": key.public_id, "secret": key.secret})
    ready.keyguard("key", "add", "deribit", "--label=bot", "--desk=mm", "--stdin", sent=given)
    words = ("key", "session", "deribit/mm/bot", "--label=reader", "--scopes=trade:read")
    assert "deribit/mm/reader" in ready.keyguard(*words).out
    assert ready.stored("deribit/mm/reader")[1] in site.gate.tokens


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("key", "sign-in", "upbit", "--desk=mm", "--label=x", "--client-id=c", "--scopes=s"), 2),
        ((*WORDS, "--scopes=orders:teleport"), 2),
        ((*WORDS, "--scopes="), 2),
        ((*WORDS, f"--scopes={SCOPES}", "--port=70000"), 2),
        ((*WORDS, f"--scopes={SCOPES}", "--redirect=https://desk.test/x"), 2),
        (("key", "refresh", "gemini/mm/none"), 2),
        (("key", "sign-out", "gemini/mm/none", "--reason", "leaver"), 2),
    ],
)
def test_what_cannot_be_is_said_at_once(ready: Desk, words: tuple[str, ...], status: int) -> None:
    done = ready.keyguard(*words, expect=status)
    assert "Traceback" not in done.err
    assert "/auth?" not in done.err


def test_one_that_died_is_named_and_closed_by_command(ready: Desk) -> None:
    with ready.opened() as ports:
        past = replace(ports, clock=_Earlier())
        lost = Begun(
            Declared("gemini", "mm", "lost", "kim"), "oauth-FAKE", "FAKE-app", ("x",), past.clock.now()
        )
        workflow = sign_in_journal.begin(past, lost)
    quick = ready.hurried()
    assert f"keyguard workflow resume {workflow.id}" in quick.keyguard("attention", expect=1).out
    refused = quick.keyguard("workflow", "resume", workflow.id, expect=5)
    assert "no answer of the venue is here" in refused.errors[0]
    assert f"keyguard workflow cancel {workflow.id}" in refused.errors[-1]
    assert "is your word" in quick.keyguard("workflow", "cancel", workflow.id).out
    shown = quick.keyguard("workflow", "list", "--json").json
    assert [(one["key"], one["state"]) for one in shown if one["id"] == workflow.id] == [
        ("gemini/mm/lost", "given_up")
    ]


class _Earlier(SystemClock):
    def now(self) -> datetime:
        return super().now() - timedelta(hours=1)
