"""Gemini's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, NotOffered, UsageError
from keyguard.core.exchange import Fault, NonceKind, Origin, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import gemini
from tests.adapters.scripts import Script, answer, body, reply
from tests.adapters.venues.gemini import CURRENT, KEY, SPEC, payload

EXAMPLE = gemini.ADAPTER.example
STAMP = Stamp(1767225600000, "1767225600123", "venue.test")
TRADING = Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES
MASTER = "master-FAKE8sQz2LrXw7Kd9Vb3"


def test_a_key_tells_its_roles_in_one_question_only() -> None:
    script = Script([reply("gemini/roles")])
    told = script.run(gemini.whoami(KEY))
    assert [(one.method, one.path, one.body) for one in script.requests] == [("POST", "/v1/roles", None)]
    assert (told.scopes, told.scopes_unknown, told.grants) == (TRADING, Scope.NONE, ("Trader",))
    assert told.scopes_origin is Origin.REPORTED
    assert told.ips is None


def test_asking_is_said_to_disturb_nonces_and_heartbeats() -> None:
    assert gemini.FACTS.nonce is NonceKind.COUNTER
    for word in ("nonce", "heartbeat"):
        assert word in gemini.FACTS.disturbs


def test_the_parameters_travel_in_the_header_and_the_body_stays_empty() -> None:
    wire = gemini.sign(Request("POST", "/v1/balances", body={"account": "primary"}), EXAMPLE, STAMP)
    assert wire.body == b""
    assert payload(wire) == {"request": "/v1/balances", "nonce": "1767225600123", "account": "primary"}


@pytest.mark.parametrize("key", ["AIza" + "FAKE", "AQ.Ab" + "FAKE", "FAKE"])
def test_another_companys_key_never_leaves(key: str) -> None:
    with pytest.raises(UsageError, match="no key of the exchange Gemini") as caught:
        gemini.sign(Request("POST", "/v1/roles"), replace(EXAMPLE, key=key), STAMP)
    assert key not in str(caught.value)


def test_a_fund_manager_withdraws() -> None:
    told = Script([answer({**body("gemini/roles"), "isFundManager": True})]).run(gemini.whoami(KEY))
    assert told.scopes == TRADING | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL


def test_a_master_key_is_marked_and_its_administration_told() -> None:
    row = {**body("gemini/roles"), "counterparty_id": "FAKE", "isAccountAdmin": True}
    told = Script([answer(row)]).run(gemini.whoami(MASTER))
    assert told.scopes == TRADING | Scope.OTHER
    assert told.grants == ("Administrator", "Trader")
    assert any("every account" in note for note in told.notes)


@pytest.mark.parametrize("missing", ["isAuditor", "isFundManager", "isTrader"])
def test_a_role_left_out_is_not_taken_for_no(missing: str) -> None:
    row = {name: value for name, value in body("gemini/roles").items() if name != missing}
    with pytest.raises(BadReply):
        Script([answer(row)]).run(gemini.whoami(KEY))


@pytest.mark.parametrize("value", ["true", 1, None])
def test_a_role_that_is_no_yes_or_no_is_a_bad_reply(value: object) -> None:
    with pytest.raises(BadReply):
        Script([answer({**body("gemini/roles"), "isFundManager": value})]).run(gemini.whoami(KEY))


@pytest.mark.parametrize(
    ("status", "reason", "fault"),
    [
        (400, "InvalidApiKey", Fault.KEY_UNKNOWN),
        (403, "InvalidApiKey", Fault.KEY_UNKNOWN),
        (400, "InvalidSignature", Fault.SIGNATURE),
        (400, "InvalidNonce", Fault.NONCE),
        (403, "MissingRole", Fault.SCOPE),
        (403, "RemoteAddressForbidden", Fault.IP),
        (400, "MissingAccounts", Fault.SCOPE),
        (429, "RateLimit", Fault.RATE),
        (503, "Maintenance", Fault.BUSY),
        (400, "AccountClosed", Fault.OTHER),
    ],
)
def test_refusals_by_reason(status: int, reason: str, fault: Fault) -> None:
    told = {"result": "error", "reason": reason, "message": "no"}
    assert gemini.fault(answer(told, status)) == (fault, reason)
    assert gemini.FACTS.dead == {Fault.KEY_UNKNOWN}


@pytest.mark.parametrize("grants", [("Trader",), ("Auditor", "Trader"), ()])
def test_the_auditor_is_never_ticked_beside_another_role(grants: tuple[str, ...]) -> None:
    guide = gemini.guide_create(replace(SPEC, grants=grants))
    assert any("exactly: Trader." in step for step in guide.steps)


def test_reading_alone_is_the_auditors() -> None:
    guide = gemini.guide_create(replace(SPEC, scopes=Scope.READ, grants=()))
    assert any("exactly: Auditor." in step for step in guide.steps)


def test_trading_comes_with_reading_and_derivatives_or_not_at_all() -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        gemini.guide_create(replace(SPEC, scopes=Scope.READ | Scope.TRADE_SPOT, grants=()))


def test_a_key_is_not_changed_but_replaced() -> None:
    with pytest.raises(NotOffered, match="cannot change a key"):
        gemini.PAGE.edit(CURRENT, SPEC)


def test_every_role_has_its_box() -> None:
    assert set(gemini.PAGE.words.boxes) == set(gemini.SCOPES.names)
