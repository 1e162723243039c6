"""A guided rotation at the venues whose keys a person makes and deletes, from end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from keyguard_simulators.accounts import Key
from keyguard_simulators.venue import KeyForm
from tests.adapters.scripts import told
from tests.cli.desk import HERE, Desk, desk

KOREAN = {"bithumb": "마이페이지", "coinone": "새로운 키 발급", "gopax": "고팍스", "korbit": "개발자센터"}
GUIDED = (*KOREAN, "hashkey")
NEEDS = ("--needs", "read,trade_spot", "--ips", HERE)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("guided"), impatient=True) as opened:
        opened.init()
        yield opened


def issued(ready: Desk, venue: str) -> tuple[Key, Key]:
    """The key in use, registered, and the one a person has made for it."""
    site = ready.venues.venues[venue]
    form = KeyForm(site.open_account("firm", "").id, told(venue).TRADER, (HERE,), age_days=30)
    old, new = site.issue(form), site.issue(form)
    ready.add(f"{venue}/mm/bot", old)
    return old, new


def pasted(key: Key) -> str:
    return json.dumps({"key": key.public_id, "secret": key.secret}) + "\n"


def workflow(ready: Desk, venue: str) -> str:
    with ready.opened() as ports:
        key = ports.inventory.find_key(f"{venue}/mm/bot")
        (found,) = [one.id for one in ports.journal.workflows(unfinished=True) if one.key_id == key.id]
        return str(found)


@pytest.mark.parametrize("venue", GUIDED)
def test_a_person_makes_one_key_deletes_the_other_and_both_are_proven(ready: Desk, venue: str) -> None:
    old, new = issued(ready, venue)
    words = ("key", "rotate", f"{venue}/mm/bot", *NEEDS)
    # The person goes away before the old key is deleted, and comes back.
    begun = ready.keyguard(*words, sent=pasted(new), expect=2, environment={"LC_ALL": "ko_KR.UTF-8"})
    assert ready.stored(f"{venue}/mm/bot")[0] == new.public_id
    assert (KOREAN.get(venue) or "Create API") in begun.err
    assert (venue in KOREAN) == ("삭제" in begun.err)
    too_early = ready.keyguard("workflow", "resume", workflow(ready, venue), sent="done\n", expect=5)
    assert "the venue still answers it" in too_early.err
    ready.venues.venues[venue].state.delete(old, 0)
    ready.keyguard("workflow", "resume", workflow(ready, venue), sent="done\n")
    assert ready.statuses(f"{venue}/mm/bot") == ["dead", "live"]


def test_where_a_deletion_cannot_be_proven_the_rotation_stays_open(ready: Desk) -> None:
    old, new = issued(ready, "bitflyer")
    words = ("key", "rotate", "bitflyer/mm/bot", "--ips", HERE)
    ready.keyguard(*words, sent=pasted(new), expect=2)
    ready.venues.venues["bitflyer"].state.delete(old, 0)
    done = ready.keyguard("workflow", "resume", workflow(ready, "bitflyer"), sent="done\n", expect=5)
    assert "several meanings" in done.err
    assert ready.statuses("bitflyer/mm/bot") == ["retired", "live"]
