"""The template of a new venue fails the contract until it is filled in, and passes it once it is."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from keyguard.core.errors import BadReply
from keyguard.core.exchange import Credential, Reply, Request, Stamp
from keyguard.core.secret import Secret
from keyguard.core.steps import drive
from keyguard_adapters import _page
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call
from tests.adapters import scripts, test_contract
from tests.adapters.scripts import Scenario, adapter, told

TEMPLATE = Path(__file__).parents[2] / "adapters/template"
FILL_IN = {
    'name = "FILL IN"': 'name = "Examplex"',
    'checked = "FILL IN"': 'checked = "2026-11-20"',
    "(read FILL IN)": "(read 2026-11-20)",
    'ScopeNames({"read": Scope.READ, "FILL IN"': 'ScopeNames({"read": Scope.READ, "trade"',
    '("FAKE" + "FILL IN", Secret("FAKE" + "FILL IN")': '("FAKE" + "a", Secret("FAKE" + "b")',
    "FILL IN": "filled in",
}
BY_VENUE = [
    test_contract.test_facts_are_sane,
    test_contract.test_env_names_cover_the_credential,
    test_contract.test_the_module_says_what_was_read_and_what_surprises,
    test_contract.test_the_example_is_obviously_fake_and_signs,
    test_contract.test_a_public_call_carries_nothing_of_a_credential,
    test_contract.test_a_kind_of_key_it_cannot_sign_with_is_a_clear_error,
    test_contract.test_guides_are_plain_lines_on_the_venues_own_page,
    test_contract.test_a_permission_that_does_not_exist_is_wrong_use,
    test_contract.test_nothing_of_the_template_is_left,
]
BY_SCENARIO = [
    test_contract.test_effects_are_named_exactly_on_what_changes_something,
    test_contract.test_requests_are_well_formed_and_can_be_signed,
    test_contract.test_the_same_replies_give_the_same_requests,
]
Install = Callable[[dict[str, str]], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Install:
    """Put the template, with these words replaced, where a venue's files stand."""

    def put(words: dict[str, str]) -> None:
        def filled(path: Path) -> str:
            text = path.read_text(encoding="utf-8")
            for old, new in words.items():
                text = text.replace(old, new)
            return text

        replies = tmp_path / "replies"
        (replies / "examplex").mkdir(parents=True)
        for path in (TEMPLATE / "replies").iterdir():
            (replies / "examplex" / path.name).write_text(filled(path), encoding="utf-8")
        monkeypatch.setattr(scripts, "REPLIES", replies)
        page = tomllib.loads(filled(TEMPLATE / "examplex.toml"))
        monkeypatch.setattr(_page, "_file", lambda venue, package: page)
        monkeypatch.setattr(_page, "_words", lambda venue, package: _page.read_words(venue, page))
        for name, file in (("keyguard_adapters", "examplex"), ("tests.adapters.venues", "told")):
            path = tmp_path / f"{file}.py"
            path.write_text(filled(TEMPLATE / f"{file}.py"), encoding="utf-8")
            monkeypatch.setitem(
                sys.modules, f"{name}.examplex", loaded(f"{name}.examplex", path, monkeypatch)
            )

    return put


def loaded(name: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def contract() -> None:
    for test in BY_VENUE:
        test("examplex")
    scenarios: tuple[Scenario, ...] = told("examplex").SCENARIOS
    assert {scenario.operation for scenario in scenarios} == test_contract.operations(adapter("examplex"))
    for scenario in scenarios:
        for check in BY_SCENARIO:
            check(scenario)


def test_as_it_is_it_fails(install: Install) -> None:
    with pytest.raises((AssertionError, ValueError)):
        install({})
        contract()


def test_filled_in_it_passes(install: Install) -> None:
    install(FILL_IN)
    contract()
    (listed,) = drive(adapter("examplex").list_keys(""), lambda _: scripts.reply("examplex/keys"))  # type: ignore[misc]
    assert listed.grants == ("read",)


def test_its_simulator_accepts_it_and_refuses_another_secret(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(FILL_IN)
    made = loaded("keyguard_simulators.examplex", TEMPLATE / "simulator.py", monkeypatch).VENUE()
    key = made.issue(KeyForm(made.open_account("firm", "").id, ["read"], label="bot"))
    who = Credential(key.public_id, Secret(key.secret))

    def send(request: Request) -> Reply:
        wire = adapter("examplex").sign(request, who, Stamp(made.state.clock.now_ms(), "", "h"))
        headers = {name.lower(): value for name, value in wire.headers.items()}
        path, _, query = wire.target.partition("?")
        now_ms = made.state.clock.now_ms()
        told = made.answer(
            Call(wire.method, path, wire.target, query, headers, wire.body, "127.0.0.1", now_ms)
        )
        return scripts.answer(told.body, told.status)

    assert drive(adapter("examplex").whoami(key.public_id), send).label == "bot"
    who = Credential(key.public_id, Secret("FAKEother"))
    with pytest.raises(BadReply):
        drive(adapter("examplex").whoami(key.public_id), send)


@pytest.mark.parametrize("left", [old for old in FILL_IN if old != "FILL IN"])
def test_one_place_left_open_fails(install: Install, left: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        install(
            {
                left: "left open",
                **{old: new for old, new in FILL_IN.items() if old != left},
                "left open": left,
            }
        )
        contract()
