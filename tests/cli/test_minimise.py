"""What `key minimise` and `key danger` say, ask and do; and that `key show` uses the same words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from keyguard.cli import session
from keyguard.cli.main import main
from keyguard.ports.all import Ports
from keyguard.workflows.handout import hand_out
from keyguard.workflows.identity import Actor
from keyguard.workflows.inspect_key import inspect_key
from tests.fakes.world import PROCESS, World

HERE, OTHER = "203.0.113.7", "198.51.100.9"
BOT = "examplex/desk/bot"
THIEF = "a thief could withdraw all funds to any address"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World().rule(egress=[{"host": "host-1", "addresses": [HERE]}])
    held = made.exchange.keys[made.old.key]
    made.exchange.keys[made.old.key] = replace(held, grants=("payout", "trade", "view"), ips=(HERE, OTHER))
    inspect_key(made.ports, "bot")

    @contextmanager
    def opened(*_: object) -> Iterator[Ports]:
        yield made.ports

    monkeypatch.setattr(session, "opened", opened)
    return made


def answers(world: World, monkeypatch: pytest.MonkeyPatch, word: str) -> list[str]:
    asked: list[str] = []

    def answer(question: object) -> str:
        asked.append(question.prompt)  # type: ignore[attr-defined]
        return word

    monkeypatch.setattr(world.person, "answer", answer)
    return asked


def test_the_plan(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "minimise", "bot"]) == 1
    told = capsys.readouterr()
    assert "granted  read,trade_spot,withdraw" in told.out
    assert "needed   read,trade_spot" in told.out
    assert "used     not seen: it was not handed out" in told.out
    assert "excess   withdraw" in told.out
    assert f"danger   {THIEF}" in told.out
    assert "fix      edit in place by API" in told.out
    assert "note     no use of it was seen; its IP list is left as it is" in told.out
    assert f"keyguard key minimise {BOT} --apply" in told.err


def test_the_plan_of_a_key_in_use(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for host in ("host-1", "osaka-2"):
        hand_out(
            world.ports,
            "bot",
            purpose="quoting",
            mode="env",
            actor=Actor("hana", host),
            process=PROCESS,
            raise_alert=lambda found, news: None,
        )
    assert main(["key", "minimise", "bot"]) == 1
    told = capsys.readouterr().out
    assert "used     not seen: a hand-out does not tell what the secret was used for (hand-outs: 2" in told
    assert "for quoting" in told
    assert f"in use {HERE}; address not declared of osaka-2; not seen in use {OTHER}" in told
    assert "held now by " in told
    assert "bot (pid 4242 on host-1)" in told


def test_the_plan_as_json(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "minimise", "--all", "--json"]) == 1
    found = {one["key"]: one for one in json.loads(capsys.readouterr().out)}
    assert found[BOT]["excess"]["scopes"] == ["withdraw"]
    assert found[BOT]["used"]["scopes"] is None
    assert found[BOT]["fix"] == "edit"
    assert found[BOT]["to"]["scopes"] == ["read", "trade_spot"]
    assert found[BOT]["danger"]["gravity"] == "withdraw"
    assert found["examplex/ops/manager"]["fix"] == "declare"


def test_it_asks_before_it_narrows(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = answers(world, monkeypatch, "no")
    assert main(["key", "minimise", "--desk", "desk", "--apply"]) == 0
    assert asked == [f"do this to {BOT}? type yes"]
    assert "nothing was changed" in capsys.readouterr().out
    answers(world, monkeypatch, "yes")
    assert main(["key", "minimise", "bot", "--apply"]) == 0
    assert "narrowed and seen so" in capsys.readouterr().out
    assert world.exchange.keys[world.old.key].grants == ("trade", "view")
    assert main(["key", "minimise", "bot", "--apply"]) == 0
    assert "fix      none" in capsys.readouterr().out


def test_with_yes_it_says_and_does(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "minimise", "bot", "--apply", "--yes", "--json"]) == 0
    (done,) = json.loads(capsys.readouterr().out)
    assert (done["state"], done["fix"]) == ("observed", "edit")


def test_one_that_fails_keeps_no_other_waiting(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.exchange.refuse = {f"PUT /keys/{world.old.key}": "1003"}
    arguments = ["key", "minimise", "bot", "manager", "--needs", "read", "--force", "--apply", "--yes"]
    assert main(arguments) == 4
    told = capsys.readouterr()
    assert f"{BOT} was not narrowed" in told.err
    assert "examplex/ops/manager: narrowed and seen so" in told.out


@pytest.mark.parametrize(
    "arguments",
    [["key", "minimise"], ["key", "minimise", "bot", "--all"], ["key", "minimise", "--all", "--apply"]],
)
def test_it_wants_to_know_which(world: World, arguments: list[str]) -> None:
    assert main(arguments) == 2


def test_keys_are_ranked_by_danger(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "danger"]) == 0
    first, what, second, *_ = capsys.readouterr().out.splitlines()
    assert (first, second) == (f"  1. {BOT}", "  2. examplex/ops/manager")
    assert what.strip().startswith(THIEF)
    assert main(["key", "danger", "--desk", "ops", "--json"]) == 0
    (manager,) = json.loads(capsys.readouterr().out)
    assert (manager["gravity"], manager["balance"]) == ("manage", None)


def test_show_says_the_danger_in_the_same_words(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "show", "bot"]) == 0
    assert f"danger   {THIEF}" in capsys.readouterr().out
