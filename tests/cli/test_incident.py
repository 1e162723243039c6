"""Incidents as commands: from the opening to the end, freezes, notices, what is preserved."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import Desk, bybit_keys, desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOT = "bybit/mm/bot"
WHICH = ("run", BOT, "--", "sh", "-c", "echo $BYBIT_API_KEY")


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, impatient=True) as opened:
        opened.init()
        bot, manager = bybit_keys(opened.venues.venues["bybit"])
        opened.add(BOT, bot)
        opened.add("bybit/ops/manager", manager)
        yield opened


def test_an_incident_from_its_opening_to_its_end(ready: Desk) -> None:
    how = ("--class", "leak", "--how", "in a public repository", "--key", "mm/bot", "--freeze")
    incident = ready.keyguard("incident", "open", *how, "--json").json
    id_ = incident["id"]
    refused = ready.keyguard(*WHICH, expect=2)
    assert "are frozen" in refused.errors[0]
    assert "handout.frozen" in ready.keyguard("log", "show", "--stream", "bybit", "--json").out
    (frozen,) = ready.keyguard("incident", "freezes", "--json").json
    assert (frozen["scope"], frozen["subject"], frozen["incident"]) == ("key", BOT, id_)
    doctor = {check["name"]: check for check in ready.keyguard("doctor", "--json").json}
    assert doctor["frozen"]["seen"] == f"{frozen['id']} key {BOT}"
    assert "incident" in ready.keyguard("attention", expect=1).out
    ready.keyguard("incident", "note", id_[:8], "called the venue", "--as", "notified")
    text = ready.keyguard("incident", "notify", id_, "--to", "bybit")
    assert "Notice of a security incident" in text.out
    public_id, secret = ready.stored(BOT)
    for form in (text.out, ready.keyguard("incident", "notify", id_, "--to", "counsel").out):
        assert secret not in form
        assert public_id not in form
    ready.keyguard("incident", "notify", id_, "--to", "upbit", expect=2)
    ready.keyguard("incident", "notify", id_, "--to", "desk", expect=2)
    ready.keyguard("incident", "notify", id_, "--to", "bybit", "--sent", "now")
    done = ready.keyguard("incident", "contain", id_, "--revoke", "--json").json
    assert (done["revoked"], done["still_working"], done["failed"]) == ([BOT], [], {})
    assert ready.statuses(BOT) == ["dead"]
    shown = ready.keyguard("incident", "show", id_).out
    for step in ("detect ", "freeze ", "revoke ", "contain ", "called the venue", "notified"):
        assert step in shown
    end = ("--cause", "a config file was pushed", "--outcome", "key ended")
    ready.keyguard("incident", "close", id_, *end)
    assert ready.keyguard("incident", "list", "--json").json == []
    (closed,) = ready.keyguard("incident", "list", "--all", "--json").json
    assert (closed["open"], closed["outcome"]) == (False, ["key ended"])
    assert all(closed["reached"][step] for step in ("detected", "frozen", "revoked", "notified"))
    ready.keyguard("log", "verify")


def test_what_is_preserved(ready: Desk) -> None:
    opening = ("--class", "lost_device", "--how", "a laptop is lost", "--key", BOT)
    id_ = ready.keyguard("incident", "open", *opening, "--json").json["id"]
    made = ready.keyguard("incident", "preserve", id_, "--json").json
    folder = ready.home / "incidents" / id_
    (package,) = folder.iterdir()
    assert made["folder"] == str(package)
    assert {stat.S_IMODE(path.stat().st_mode) for path in package.iterdir()} == {0o600}
    assert "as they were preserved" in ready.keyguard("incident", "preserve", id_, "--check").out
    records = package / "records.jsonl"
    whole = records.read_bytes()
    records.write_bytes(whole.replace(b"key.register", b"key.registex", 1))
    ready.keyguard("incident", "preserve", id_, "--check", expect=6)
    records.write_bytes(whole)
    (package / "SHA256SUMS").unlink()
    ready.keyguard("incident", "preserve", id_, "--check", expect=6)


def test_freezing_and_thawing(ready: Desk) -> None:
    for what, thing in (("--venue", "bybit"), ("--desk", "mm"), ("--all", "")):
        words = [word for word in (what, thing) if word]
        made = ready.keyguard("incident", "freeze", *words, "--reason", "drill", "--json").json
        ready.keyguard(*WHICH, expect=2)
        ready.keyguard("incident", "thaw", made["id"], "--reason", "over")
        assert ready.keyguard(*WHICH).out.strip()
    assert len(ready.keyguard("incident", "freezes", "--all").out.splitlines()) == 3
    assert ready.keyguard("incident", "freezes").out == ""
    ready.keyguard("incident", "freeze", "--venue", "nosuch", "--reason", "drill", expect=2)


def test_a_key_that_died_at_the_venue(ready: Desk) -> None:
    public_id, _ = ready.stored(BOT)
    ready.venues.venues["bybit"].state.book.keys[public_id].deleted = True
    ready.keyguard("key", "inspect", BOT, expect=1)
    (incident,) = ready.keyguard("incident", "list", "--json").json
    assert (incident["class"], incident["unseen"], incident["keys"]) == ("key_died", True, [BOT])
    refused = ready.keyguard("key", "rotate", BOT, "--overlap", "0s", expect=2)
    assert "no person has looked" in refused.errors[0]
    shown = ready.keyguard("key", "inspect", BOT, expect=1).out
    assert f"keyguard incident show {incident['id']}" in shown
    told = ready.keyguard("incident", "clear", incident["id"], "--reason", "the notice says why", "--thaw")
    assert "open" in told.out


def test_a_notice_with_its_stages(ready: Desk) -> None:
    opening = ("--class", "venue_notice", "--venue", "bybit", "--how", "a warning by mail")
    when = ("--stage", "warning", "--received", "2026-01-02T10:00+09:00", "--reference", "N-7")
    notice = ready.keyguard("incident", "open", *opening, *when, "--json").json
    assert (notice["stage"], notice["deadline"], notice["reference"]) == ("warning", None, "N-7")
    ready.keyguard("incident", "note", notice["id"], "--stage", "reverify", "--deadline", "2999-01-02")
    shown = ready.keyguard("incident", "show", notice["id"]).out
    assert "stage warning; deadline unknown; reference N-7" in shown
    assert "stage reverify; deadline 2999-01-03 00:00 UTC" in shown
    assert "2026-01-02 01:00:00  received" in shown
    ready.keyguard("incident", "note", notice["id"], expect=2)
    ready.keyguard("incident", "note", notice["id"], "an STR was filed", expect=2)
