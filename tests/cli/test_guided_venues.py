"""A guided rotation at the venues whose keys a person makes and deletes, from end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from keyguard.core.keys import scope_names
from keyguard_simulators.accounts import Key
from keyguard_simulators.venue import KeyForm
from tests.adapters.scripts import told
from tests.cli.desk import HERE, Desk, desk

KOREAN = {"bithumb": "마이페이지", "coinone": "새로운 키 발급", "gopax": "고팍스", "korbit": "개발자센터"}
GUIDED = (*KOREAN, "bitstamp", "coinbaseexchange", "gemini", "hashkey")
INFERRED = ("bitflyer", "coinbase", "cryptocom", "kraken")


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
    words = ("key", "add", venue, "--desk", "mm", "--label", "bot", "--stdin")
    ready.keyguard(*words, sent=pasted(old))
    return old, new


def pasted(key: Key) -> str:
    passphrase = {"passphrase": key.passphrase} if key.passphrase else {}
    return json.dumps({"key": key.public_id, "secret": key.secret, **passphrase}) + "\n"


def rotation(venue: str) -> tuple[str, ...]:
    """The command; it declares what a venue may not tell."""
    needs = ",".join(scope_names(told(venue).SPEC.scopes))
    return ("key", "rotate", f"{venue}/mm/bot", "--needs", needs, "--ips", HERE)


def workflow(ready: Desk, venue: str) -> str:
    with ready.opened() as ports:
        key = ports.inventory.find_key(f"{venue}/mm/bot")
        (found,) = [one.id for one in ports.journal.workflows(unfinished=True) if one.key_id == key.id]
        return str(found)


@pytest.mark.parametrize("venue", GUIDED)
def test_a_person_makes_one_key_deletes_the_other_and_both_are_proven(ready: Desk, venue: str) -> None:
    old, new = issued(ready, venue)
    # The person goes away before the old key is deleted, and comes back.
    begun = ready.keyguard(
        *rotation(venue), sent=pasted(new), expect=2, environment={"LC_ALL": "ko_KR.UTF-8"}
    )
    assert ready.stored(f"{venue}/mm/bot")[0] == new.public_id
    assert KOREAN.get(venue, "second factor") in begun.err
    assert (venue in KOREAN) == ("삭제" in begun.err)
    too_early = ready.keyguard("workflow", "resume", workflow(ready, venue), sent="done\n", expect=5)
    assert "the venue still answers it" in too_early.err
    ready.venues.venues[venue].state.delete(old, 0)
    ready.keyguard("workflow", "resume", workflow(ready, venue), sent="done\n")
    assert ready.statuses(f"{venue}/mm/bot") == ["dead", "live"]


@pytest.mark.parametrize("venue", INFERRED)
def test_where_a_deletion_can_only_be_inferred_the_rotation_says_so(ready: Desk, venue: str) -> None:
    old, new = issued(ready, venue)
    ready.keyguard(*rotation(venue), sent=pasted(new), expect=2)
    ready.venues.venues[venue].state.delete(old, 0)
    done = ready.keyguard("workflow", "resume", workflow(ready, venue), sent="done\n")
    assert "taken for dead" in done.err + done.out
    assert "proven dead" not in done.err + done.out
    assert ready.statuses(f"{venue}/mm/bot") == ["dead", "live"]
