"""People and rights as commands: who may use a key, who may not any more, and what is on record."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from keyguard.core.keys import Environment
from keyguard.core.people import Decision
from keyguard.workflows import approvals
from keyguard.workflows.identity import Actor
from tests.cli.desk import Desk, bybit_keys, desk
from tests.cli.state import said_clearly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOT = "bybit/mm/bot"
ME = pwd.getpwuid(os.getuid()).pw_name
WHICH = ("run", BOT, "--", "sh", "-c", "echo $BYBIT_API_KEY")


@contextlib.contextmanager
def firm(folder: Path, *settings: str) -> Iterator[Desk]:
    """A desk with a bot's key; `settings` are lines of its configuration."""
    with desk(folder, impatient=True) as opened:
        opened.init()
        configuration = opened.home / "config.toml"
        configuration.write_text("\n".join(settings) + "\n" + configuration.read_text())
        bot, _ = bybit_keys(opened.venues.venues["bybit"])
        opened.add(BOT, bot)
        yield opened


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Desk]:
    with firm(tmp_path) as opened:
        yield opened


def types(ready: Desk, stream: str) -> list[str]:
    shown = ready.keyguard("log", "show", "--stream", stream, "--json").json
    return [entry["record"]["type"] for entry in shown]


def test_who_declares_nobody_uses_the_own_keys_as_before(ready: Desk) -> None:
    assert ready.keyguard(*WHICH).out.strip()
    assert "policy.set" not in types(ready, "firm")
    assert ready.keyguard("key", "list").out.splitlines()[1].endswith("who runs keyguard here")


def test_once_somebody_is_declared_a_hand_out_needs_a_grant(ready: Desk) -> None:
    first = ready.keyguard("person", "add", "hana", "--os-user", ME, "--name", "하나")
    assert "from now on a hand-out needs a grant" in first.err
    refused = ready.keyguard(*WHICH, expect=2)
    said_clearly(refused)
    assert refused.errors == [
        f"keyguard: error: hana may not use {BOT}: nobody granted it",
        "keyguard: nothing was handed out; the refusal is in the audit log",
        f"keyguard: hint: a key administrator can: keyguard grant add hana --key {BOT}",
    ]
    ready.keyguard("grant", "add", "hana", "--key", BOT)
    assert ready.keyguard(*WHICH).out.strip()
    assert types(ready, "bybit")[-5:] == [
        "handout.denied",
        "approval.request",
        "approval.decide",
        "access.grant",
        "handout",
    ]
    assert types(ready, "firm")[-4:] == ["people.change"] * 4 or "policy.set" in types(ready, "firm")
    assert ready.keyguard("key", "show", BOT, "--json").json["may_use"] == ["hana"]
    ready.keyguard("log", "verify")


def test_the_way_of_a_contractor_from_contract_to_the_last_day(ready: Desk) -> None:
    """Declared, asked for, approved by nobody alone, used, off-boarded; every command's JSON on the way."""
    ready.keyguard("desk", "add", "mm", "--purpose", "quoting")
    dates = ("--from", "2026-01-01", "--until", "2099-12-31", "--diligence-until", "2099-06-30")
    party = ready.keyguard(
        *("party", "add", "acme", "--kind", "contractor", "--relation", "builds bots"),
        *("--contract", "MSA-7", "--name", "Acme Ltd", "--country", "KR", *dates, "--json"),
    ).json
    assert party["contracts"][0]["until"] == "2100-01-01T00:00:00Z"
    person = ready.keyguard(
        *("person", "add", "jo", "--capacity", "contractor", "--party", "acme", "--os-user", ME, "--json")
    ).json
    assert person["os_users"][0]["user"] == ME
    ready.keyguard("person", "add", "hana", "--os-user", "someone-else", "--role", "approver")
    grant = ready.keyguard("grant", "add", "jo", "--desk", "mm", "--why", "hedger", "--json").json
    assert (grant["state"], grant["desk"], grant["until"]) == ("waits", "mm", "2100-01-01T00:00:00Z")
    said_clearly(ready.keyguard(*WHICH, expect=2))
    (waiting,) = ready.keyguard("approve", "--json").json
    assert (waiting["id"], waiting["rule"]) == (grant["approval"], "external_grant")
    assert "desk mm" in ready.keyguard("approve").out
    said_clearly(ready.keyguard("approve", waiting["id"], expect=2))
    assert ready.keyguard("approve", waiting["id"], "--reject", expect=2).errors[0].endswith("needs a reason")
    with ready.opened() as ports:  # hana sits at another machine
        approvals.decide(ports, waiting["id"], Decision.APPROVE, actor=Actor("someone-else", "elsewhere"))
    assert ready.keyguard(*WHICH).out.strip()
    shown = ready.keyguard("grant", "show", grant["id"], "--json").json
    assert (shown["state"], shown["approval"]["decided_by"]) == ("active", "hana")
    plan = ready.keyguard("person", "offboard", "jo", "--json").json
    assert (plan["done"], plan["grants"], plan["keys"][0]["must_rotate"]) == (False, [grant["id"]], True)
    assert ready.keyguard(*WHICH).out.strip()  # nothing was changed yet
    done = ready.keyguard("person", "offboard", "jo", "--yes")
    assert f"keyguard key rotate {BOT} --reason leaver" in done.out
    refused = ready.keyguard(*WHICH, expect=2)
    assert refused.errors[0] == f"keyguard: error: jo may not use {BOT}: their time here has ended"
    assert "access.revoke" in types(ready, "bybit")
    again = ready.keyguard("person", "offboard", "jo", "--json").json
    assert (again["done"], again["grants"]) == (True, [])
    kept = ready.keyguard("person", "forget", "jo", "--yes", expect=2)
    assert "and names are kept for 7 years" in kept.errors[0]
    ready.keyguard("log", "verify")


def test_off_boarding_rotates_what_was_handed_out(tmp_path: Path) -> None:
    with desk(tmp_path, impatient=True) as ready:
        ready.init()
        bot, manager = bybit_keys(ready.venues.venues["bybit"])
        ready.add(BOT, bot)
        ready.add("bybit/ops/manager", manager)
        ready.keyguard("person", "add", "hana", "--os-user", ME)
        ready.keyguard("grant", "add", "hana", "--key", BOT)
        assert ready.keyguard(*WHICH).out.strip()
        still_here = ready.keyguard("person", "offboard", "hana", "--rotate", expect=2)
        assert "is still here" in still_here.errors[0]
        words = ("--yes", "--rotate", "--overlap", "0s", "--json")
        done = ready.keyguard("person", "offboard", "hana", *words).json
        assert (done["done"], list(done["rotated"]), done["not_rotated"]) == (True, [BOT], {})
        assert ready.statuses(BOT) == ["dead", "live"]
        assert ready.statuses("bybit/ops/manager") == ["live"]
        again = ready.keyguard("person", "offboard", "hana", "--rotate")
        assert "rotate" not in again.out  # nothing they were handed works any more


def test_what_the_commands_show(ready: Desk) -> None:
    """Every list and page in words; exact where a person reads rows."""
    ready.keyguard("party", "add", "acme", "--kind", "vendor", "--relation", "hosts", "--contract", "C-1",
                   "--from", "2026-01-01", "--until", "2026-06-30")  # fmt: skip
    ready.keyguard("person", "add", "hana", "--os-user", f"{ME}@elsewhere", "--name", "Hana Kim")
    ready.keyguard("person", "add", "ci", "--capacity", "service", "--test", "--until", "2099-12-31")
    ready.keyguard("person", "change", "hana", "--os-user", ME, "--no-os-user", f"{ME}@elsewhere",
                   "--role", "desk_head")  # fmt: skip
    ready.keyguard("desk", "add", "mm", "--head", "hana", "--purpose", "quoting")
    grant = ready.keyguard(
        *(
            "grant",
            "add",
            "hana",
            "--key",
            BOT,
            "--scopes",
            "read,trade_derivatives",
            "--until",
            "2099-12-31",
        ),
        *("--host", "host-1", "--executable", "/usr/bin/env", "--purpose", "quoting"),
    ).out.split(":")[0]
    assert ready.keyguard("person", "list").out == (
        "person  capacity        party  OS users{}  state   until       roles\n"
        "ci      service [test]  -      -{}  active  2099-12-31\n"
        "hana    employee        -      {}  active  -           desk_head\n"
    ).format(" " * (len(ME) - 8), " " * (max(len(ME), 8) - 1), ME.ljust(8))
    assert ready.keyguard("party", "list").out == (
        "party  kind    contract until           diligence until  people  relation\n"
        "acme   vendor  2026-06-30 not in force  -                0       hosts\n"
    )
    assert ready.keyguard("desk", "list").out == (
        "desk  state   head  keys  purpose\nmm    active  hana  1     quoting\n"
    )
    rows = ready.keyguard("grant", "list", "--person", "hana").out.splitlines()
    assert rows[1].split()[1:5] == ["hana", BOT, "read,trade_derivatives", "active"]
    assert rows[1].endswith("2099-12-31  host host-1; program /usr/bin/env")
    for words, told in (
        (("person", "show", "hana"), ["Hana Kim", "role     desk_head", grant]),
        (("party", "show", "acme"), ["contract C-1, 2026-01-01 to 2026-06-30, not in force"]),
        (("desk", "show", "mm"), [f"key      {BOT}"]),
        (("grant", "show", grant[:7]), [f"hana may use {BOT}", "approve by", "purpose  quoting"]),
        (("key", "show", BOT), ["may use  hana", "desk     mm"]),
        (("key", "list"), ["hana"]),
    ):
        out = ready.keyguard(*words).out
        assert all(text in out for text in told), out
    for words in (
        ("person", "show", "hana"),
        ("party", "show", "acme"),
        ("desk", "show", "mm"),
        ("grant", "show", grant),
        ("person", "list", "--all"),
        ("party", "list", "--all"),
        ("desk", "list", "--all"),
        ("grant", "list", "--all"),
    ):
        assert ready.keyguard(*words, "--json").json
    ready.keyguard("party", "renew", "acme", "--contract", "C-2", "--until", "2099-01-01")
    ready.keyguard("party", "end", "acme", "--reason", "over")
    assert ready.keyguard("grant", "end", grant, "--reason", "over").out.startswith(f"{grant}: ended")
    assert ready.keyguard("desk", "end", "mm", "--reason", "closed").out.startswith("desk mm: ended, with 0")
    assert (
        ready.keyguard("person", "end", "hana", "--reason", "left").out
        == "person hana: ended, with 0 grants\n"
    )
    assert ready.keyguard("key", "list").out.splitlines()[1].endswith("nobody")


def test_wrong_use_is_said_in_three_lines(ready: Desk) -> None:
    for words in (
        ("person", "show", "nobody"),
        ("person", "add", "x", "--until", "tomorrow"),
        ("person", "add", "x", "--until", "2026-12-31T09:00"),
        ("person", "add", "x", "--os-user", "@host"),
        ("person", "add", "x", "--capacity", "king"),
        ("party", "renew", "x", "--contract", "C"),
        ("grant", "add", "x", "--key", BOT, "--desk", "mm"),
        ("grant", "add", "x", "--key", BOT, "--scopes", "root"),
        ("grant", "end", "gr_0", "--reason", "x"),
        ("desk", "show", "nowhere"),
        ("desk", "show", "mm"),
        ("approve", "ap_0"),
    ):
        said_clearly(ready.keyguard(*words, expect=2))
    assert ready.keyguard("desk", "list", "--json").json == [{"name": "mm", "declared": False, "keys": [BOT]}]


def test_what_cannot_be_recorded_is_not_done(ready: Desk) -> None:
    """The disk takes no more: nobody is declared, nothing given, nothing ended, nothing handed out."""
    ready.keyguard("person", "add", "hana", "--os-user", ME)
    grant = ready.keyguard("grant", "add", "hana", "--key", BOT, "--json").json["id"]
    ready.before = ("sh", "-c", 'ulimit -f 8; exec "$@"', "sh")
    for words in (
        ("person", "add", "kim"),
        ("person", "end", "hana", "--reason", "leaver"),
        ("grant", "add", "hana", "--desk", "mm"),
        ("grant", "end", grant, "--reason", "over"),
        ("desk", "add", "mm"),
        WHICH,
    ):
        said_clearly(ready.keyguard(*words, expect=3))
    ready.before = ()
    assert [person["id"] for person in ready.keyguard("person", "list", "--json").json] == ["hana"]
    assert [one["id"] for one in ready.keyguard("grant", "list", "--json").json] == [grant]
    assert ready.keyguard(*WHICH).out.strip()
    ready.keyguard("log", "verify")


def test_a_grant_bound_to_a_program_and_a_test_run(ready: Desk, tmp_path: Path) -> None:
    ready.keyguard("person", "add", "hana", "--os-user", ME)
    shell = str(os.path.realpath("/bin/sh"))
    ready.keyguard("grant", "add", "hana", "--key", BOT, "--executable", shell)
    assert ready.keyguard(*WHICH).out.strip()
    link = tmp_path / "sh"
    link.symlink_to(sys.executable)
    refused = ready.keyguard("run", BOT, "--", str(link), "-c", "pass", expect=2)
    assert f"not for {os.path.realpath(sys.executable)}" in refused.errors[0]
    # the venues here are simulated, so their keys move no money and a test may have them
    assert ready.keyguard("run", "--test", *WHICH[1:]).out.strip()
    with ready.opened() as ports:
        key = ports.inventory.find_key(BOT)
        ports.inventory.update_key(replace(key, environment=Environment.LIVE))
    for environment, words in (({}, ("run", "--test")), ({"KEYGUARD_ENVIRONMENT": "test"}, ("run",))):
        done = ready.keyguard(*words, *WHICH[1:], expect=2, environment=environment)
        assert "a test never gets a live key" in done.errors[0]
    assert ready.keyguard(*WHICH).out.strip()


def test_the_configuration_opens_or_enforces(tmp_path: Path) -> None:
    with firm(tmp_path / "enforced", 'rights = "enforced"') as strict:
        assert "no person is declared" in strict.keyguard(*WHICH, expect=2).errors[0]
    with firm(tmp_path / "open", 'rights = "open"') as loose:
        first = loose.keyguard("person", "add", "hana", "--os-user", ME)
        assert "needs a grant" not in first.err
        assert loose.keyguard(*WHICH).out.strip()
        records: list[dict[str, Any]] = [
            entry["record"] for entry in loose.keyguard("log", "show", "--stream", "firm", "--json").json
        ]
        (policy,) = [record for record in records if record["type"] == "policy.set"]
        assert policy["body"]["params"]["rights"] == "open"
        assert "hana" not in json.dumps(records)


def test_one_firm_alone_approves_its_own_contractor_as_an_exception(tmp_path: Path) -> None:
    with firm(tmp_path, 'self_approval = "exception"') as small:
        small.keyguard("party", "add", "acme", "--kind", "vendor", "--relation", "hosts", "--contract", "C-1",
                       "--from", "2026-01-01", "--until", "2099-06-30")  # fmt: skip
        small.keyguard("person", "add", "boss", "--os-user", ME)
        small.keyguard("person", "add", "jo", "--capacity", "vendor_staff", "--party", "acme")
        small.keyguard("grant", "add", "jo", "--key", BOT)
        (waiting,) = small.keyguard("approve", "--json").json
        said_clearly(small.keyguard("approve", waiting["id"], expect=2))
        done = small.keyguard(
            *(
                "approve",
                waiting["id"],
                "--compensating",
                "the auditor reads the log",
                "--until",
                "2099-01-01",
            ),
            "--json",
        ).json
        assert done["compensating"]["control"] == "the auditor reads the log"
        assert "exception.open" in types(small, "bybit")


def test_a_key_belongs_to_the_person_who_adds_it(ready: Desk) -> None:
    ready.keyguard("person", "add", "hana", "--os-user", ME)
    spare, _ = bybit_keys(ready.venues.venues["bybit"])
    ready.add("bybit/mm/spare", spare)
    ready.add("bybit/mm/other", bybit_keys(ready.venues.venues["bybit"])[0], "--owner", "kim")
    owners = {key["name"]: key["declared"]["owner"] for key in ready.keyguard("key", "list", "--json").json}
    assert owners == {BOT: ME, "bybit/mm/spare": "hana", "bybit/mm/other": "kim"}


def test_a_party_that_ends_is_off_boarded_with_a_report_that_is_kept(ready: Desk) -> None:
    party = ("party", "add", "acme", "--kind", "vendor", "--relation", "hosts", "--contract", "C-1")
    ready.keyguard(*party, "--from", "2020-01-01", "--until", "2999-12-31")
    ready.keyguard("person", "add", "jo", "--capacity", "vendor_staff", "--party", "acme", "--os-user", "jo")
    ready.keyguard("party", "end", "acme", "--reason", "over", "--rotate", expect=2)
    done = ready.keyguard("party", "end", "acme", "--reason", "over", "--offboard", "--json").json
    assert (done["people_ended"], done["report"]["subject"], done["report"]["keys"]) == (["jo"], "acme", [])
    again = ready.keyguard("party", "end", "acme", "--reason", "over", "--offboard", "--rotate")
    assert "jo (vendor_staff) left" in again.out
    assert done["report"]["id"] in again.err
    (listed,) = ready.keyguard("report", "list", "--json").json
    assert listed["id"] == done["report"]["id"]
    assert ready.keyguard("report", "show", listed["id"], "--json").json["people"][0]["person"] == "jo"
    assert "0 keys are proven dead, 0 are to be rotated" in ready.keyguard("report", "show", listed["id"]).out
    assert listed["id"] in ready.keyguard("report", "list").out
